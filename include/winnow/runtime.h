/* winnow's runtime: loads compiled modules (.wnm) and executes them.
 *
 *   wn_module *module;   wn_status status = wn_module_load_file("model.wnm", &module);
 *   wn_session *session; status = wn_session_create(module, "auto", NULL, &session);
 *   status = wn_session_invoke(session, "main", inputs, 2, outputs, 1);
 *
 * Every function that can fail returns a wn_status, which is NULL on success. What it was to make is NULL
 * after a failure. Any function may fail with WN_OUT_OF_MEMORY. Pointers must not be NULL unless it says so;
 * where a function returns a status, a NULL is answered with WN_INVALID_ARGUMENT. All functions may be called
 * from any thread.
 */
#ifndef WINNOW_RUNTIME_H
#define WINNOW_RUNTIME_H

#include <dlpack/dlpack.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define WN_EXPORT __attribute__((visibility("default")))
#else
#define WN_EXPORT
#endif

/* ---- status ---- */

typedef enum wn_code {
  WN_OK = 0,
  WN_INVALID_ARGUMENT = 1, /* the request is wrong: a name, a shape, a type, an option */
  WN_NOT_FOUND = 2,        /* no such file, function or parameter */
  WN_DAMAGED_MODULE = 3,   /* the bytes are not a valid module */
  WN_UNSUPPORTED = 4,      /* valid, but this build or this machine has no way to do it */
  WN_INPUT_OUTPUT = 5,     /* the operating system refused to read or write */
  WN_OUT_OF_MEMORY = 6,    /* also: the session's memory limit is reached */
  WN_CANCELLED = 7,
  WN_DEVICE_FAULT = 8 /* a device stopped a kernel, or one of its checks found a fault */
} wn_code;

/* A failure, owned by the caller; NULL means success. */
typedef struct wn_failure *wn_status;

WN_EXPORT wn_code wn_status_code(wn_status status);
/* One sentence without a full stop, valid until wn_status_free; "" for success. */
WN_EXPORT const char *wn_status_message(wn_status status);
/* NULL is allowed. */
WN_EXPORT void wn_status_free(wn_status status);

/* The runtime's version, "0.1.0". */
WN_EXPORT const char *wn_version(void);

/* ---- modules ---- */

/* A loaded module never changes. Sessions keep what they need of it, so it may be freed before them. */
typedef struct wn_module wn_module;

/* Maps a file, which must not be overwritten in place while the module or a session of it lives (replacing it
 * by renaming another is fine). Fails with WN_NOT_FOUND, WN_INPUT_OUTPUT, WN_DAMAGED_MODULE, or
 * WN_UNSUPPORTED for another version of the format. */
WN_EXPORT wn_status wn_module_load_file(const char *path, wn_module **module);
/* Uses `size` bytes at `data`, which must live and stay unchanged as long as the module and its sessions.
 * They are copied if they are not 64-byte aligned. Fails as wn_module_load_file. */
WN_EXPORT wn_status wn_module_load_memory(const void *data, size_t size, wn_module **module);
/* NULL is allowed. */
WN_EXPORT void wn_module_free(wn_module *module);

/* One dimension of a tensor. */
typedef struct wn_dimension {
  int64_t size;             /* the only legal size, or -1 */
  int64_t minimum, maximum; /* the legal sizes if `size` is -1 */
  const char *name;         /* may be ""; dimensions of equal names have equal sizes in one call */
} wn_dimension;

typedef struct wn_tensor_info {
  const char *name;
  DLDataType dtype; /* as in newer DLPack: bool is code 6; float8 e4m3fn, e4m3fnuz, e5m2, e5m2fnuz and e8m0fnu
                     * are codes 10 to 14; all of 8 bits */
  int32_t rank;
  const wn_dimension *dimensions;
} wn_tensor_info;

typedef enum wn_tensor_role { WN_INPUT = 0, WN_OUTPUT = 1 } wn_tensor_role;

WN_EXPORT size_t wn_module_function_count(const wn_module *module);
/* NULL if `index` is out of range. Lives as long as the module. */
WN_EXPORT const char *wn_module_function_name(const wn_module *module, size_t index);
/* How many inputs or outputs a function has. Fails with WN_NOT_FOUND for an unknown function. */
WN_EXPORT wn_status wn_module_tensor_count(const wn_module *module, const char *function, wn_tensor_role role,
                                           size_t *count);
/* Describes one input or output; what `info` points to lives as long as the module. Fails with WN_NOT_FOUND
 * for an unknown function, WN_INVALID_ARGUMENT for an index out of range. */
WN_EXPORT wn_status wn_module_tensor_info(const wn_module *module, const char *function, wn_tensor_role role,
                                          size_t index, wn_tensor_info *info);
/* Everything about the module as JSON: producer, functions, kernels, targets, sizes, and the compiler's
 * report. Lives as long as the module. Fails only for want of memory. */
WN_EXPORT wn_status wn_module_describe(const wn_module *module, const char **json);

/* ---- sessions ---- */

/* A module on a device, with memory, parameters and state of its own. A call that fails leaves the state as
 * it was. Calls of one session from several threads are executed one after the other; sessions are
 * independent. */
typedef struct wn_session wn_session;

/* Must call `body(argument, begin, end)` on disjoint ranges that cover 0..count, from any threads, and return
 * when all are done. */
typedef void (*wn_parallel_for_function)(void *context, int64_t count,
                                         void (*body)(void *argument, int64_t begin, int64_t end),
                                         void *argument);
/* NULL if there is no memory. `alignment` is a power of two. */
typedef void *(*wn_allocate_function)(void *context, size_t bytes, size_t alignment);
typedef void (*wn_free_function)(void *context, void *address, size_t bytes);

typedef struct wn_session_options {
  size_t struct_size; /* sizeof(wn_session_options), so that later versions can add to it */
  int32_t threads;    /* at most so many threads, 0 for one for each processor */
  int32_t timing;     /* not 0: measure each kernel for wn_session_profile */
  wn_parallel_for_function parallel_for; /* NULL: oneTBB */
  void *parallel_for_context;
  wn_allocate_function allocate; /* NULL: the system's. Thread-safe; lives as long as what it gave */
  wn_free_function free;         /* NULL exactly if `allocate` is */
  void *allocator_context;
  int64_t memory_limit; /* bytes that the session and the outputs it made may use at once, of the host's
                         * memory and again of a GPU's; 0 for no limit */
  const char *checks;   /* comma-separated checks that the device shall make, NULL or "" for none */
} wn_session_options;

/* All defaults. */
WN_EXPORT void wn_session_options_init(wn_session_options *options);

/* Devices: "host", "cuda" ("cuda:1" is the second GPU), "ptxsim", "reference", and "auto": cuda if there is a
 * GPU that executes the module, else host. `options` may be NULL. Fails with WN_INVALID_ARGUMENT for an
 * unknown device, option or check, WN_UNSUPPORTED if the module holds no code that the device can execute,
 * WN_DAMAGED_MODULE if its code is not valid. */
WN_EXPORT wn_status wn_session_create(const wn_module *module, const char *device,
                                      const wn_session_options *options, wn_session **session);
/* No call may be executing. NULL is allowed. */
WN_EXPORT void wn_session_free(wn_session *session);

/* The device in use, never "auto"; "cuda:1" for the second GPU. Lives as long as the session. */
WN_EXPORT const char *wn_session_device(const wn_session *session);
/* The target whose code is executed, "host:x86-64-v4". Lives as long as the session. */
WN_EXPORT const char *wn_session_target(const wn_session *session);

/* Executes a function. Tensors are in the order of the function's signature and in the host's memory; the
 * runtime borrows them during the call. Inputs may have strides (in elements) and any alignment, but only
 * compact tensors at a multiple of 64 bytes are used without a copy. An output whose `data` is NULL is made
 * by the runtime, which sets all of its fields; free it with wn_tensor_free. Any other output must have the
 * shape that the inputs imply; outputs may overlap inputs but not each other. After a failure the contents of
 * the caller's outputs are unspecified, and no output has been made. Fails with WN_NOT_FOUND for an unknown
 * function, WN_INVALID_ARGUMENT for a wrong number, type or shape of tensors (the message names the tensor,
 * what was expected and found), WN_CANCELLED, WN_DEVICE_FAULT, WN_DAMAGED_MODULE if weights do not match
 * their hash. */
WN_EXPORT wn_status wn_session_invoke(wn_session *session, const char *function, const DLTensor *inputs,
                                      size_t input_count, DLTensor *outputs, size_t output_count);

/* Sets a parameter of the model for the calls of this session that follow; nothing is compiled again. Fails
 * with WN_NOT_FOUND for an unknown parameter (the message lists those there are), WN_INVALID_ARGUMENT for a
 * value that its type cannot hold (a fraction for an integer, what is not finite), and for the size of a
 * state that has contents already. wn_module_describe lists the parameters with their types and defaults. */
WN_EXPORT wn_status wn_session_set_parameter(wn_session *session, const char *parameter, double value);

/* Writes what the session keeps between calls to a .npz file with an array for each state. The file appears
 * only when it is complete. Fails with WN_INPUT_OUTPUT. */
WN_EXPORT wn_status wn_session_save_state(wn_session *session, const char *path);
/* Makes the contents of such a file the session's state, or changes nothing. Fails with WN_NOT_FOUND or
 * WN_INPUT_OUTPUT if it cannot be read, WN_INVALID_ARGUMENT if it is damaged, was saved by a session of
 * another module, or its shapes are not those that the session's parameters give. */
WN_EXPORT wn_status wn_session_load_state(wn_session *session, const char *path);

/* Makes the call that is executing now, if there is one, fail with WN_CANCELLED soon. */
WN_EXPORT void wn_session_cancel(wn_session *session);

/* What the session has done, as JSON: calls, dispatches, bytes of transient memory and the least that would
 * do, and for each kernel its launches, its origin in the model, its time (with `timing`) and the device's
 * counters. The caller frees it with wn_string_free. Fails only for want of memory. */
WN_EXPORT wn_status wn_session_profile(wn_session *session, char **json);

/* Frees an output that wn_session_invoke made, also after its session, and clears its fields. */
WN_EXPORT void wn_tensor_free(DLTensor *tensor);
/* NULL is allowed. */
WN_EXPORT void wn_string_free(char *string);

#ifdef __cplusplus
}
#endif

#endif
