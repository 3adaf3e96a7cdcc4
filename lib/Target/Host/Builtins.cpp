// The functions that code generation may call, as LLVM IR: an image imports nothing, so they are part of it.
#include "lib/Target/Host/Builtins.h"

#include "llvm/AsmParser/Parser.h"
#include "llvm/Linker/Linker.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/SourceMgr.h"

using namespace winnow;

/// Byte loops, which the optimizer vectorizes. "no-builtins" keeps it from recognizing them as themselves.
static const char memoryFunctions[] = R"(
define hidden ptr @memcpy(ptr noalias %to, ptr noalias %from, i64 %bytes) #0 {
  %none = icmp eq i64 %bytes, 0
  br i1 %none, label %done, label %copy
copy:
  %i = phi i64 [ 0, %0 ], [ %next, %copy ]
  %source = getelementptr i8, ptr %from, i64 %i
  %byte = load i8, ptr %source
  %target = getelementptr i8, ptr %to, i64 %i
  store i8 %byte, ptr %target
  %next = add nuw i64 %i, 1
  %last = icmp eq i64 %next, %bytes
  br i1 %last, label %done, label %copy
done:
  ret ptr %to
}
define hidden ptr @memmove(ptr %to, ptr %from, i64 %bytes) #0 {
  %none = icmp eq i64 %bytes, 0
  br i1 %none, label %done, label %choose
choose:
  %before = icmp ult ptr %to, %from
  br i1 %before, label %up, label %down
up:
  %i = phi i64 [ 0, %choose ], [ %i.next, %up ]
  %i.source = getelementptr i8, ptr %from, i64 %i
  %i.byte = load i8, ptr %i.source
  %i.target = getelementptr i8, ptr %to, i64 %i
  store i8 %i.byte, ptr %i.target
  %i.next = add nuw i64 %i, 1
  %i.last = icmp eq i64 %i.next, %bytes
  br i1 %i.last, label %done, label %up
down:
  %j = phi i64 [ %bytes, %choose ], [ %j.next, %down ]
  %j.next = sub nuw i64 %j, 1
  %j.source = getelementptr i8, ptr %from, i64 %j.next
  %j.byte = load i8, ptr %j.source
  %j.target = getelementptr i8, ptr %to, i64 %j.next
  store i8 %j.byte, ptr %j.target
  %j.last = icmp eq i64 %j.next, 0
  br i1 %j.last, label %done, label %down
done:
  ret ptr %to
}
define hidden ptr @memset(ptr %to, i32 %value, i64 %bytes) #0 {
  %byte = trunc i32 %value to i8
  %none = icmp eq i64 %bytes, 0
  br i1 %none, label %done, label %fill
fill:
  %i = phi i64 [ 0, %0 ], [ %next, %fill ]
  %target = getelementptr i8, ptr %to, i64 %i
  store i8 %byte, ptr %target
  %next = add nuw i64 %i, 1
  %last = icmp eq i64 %next, %bytes
  br i1 %last, label %done, label %fill
done:
  ret ptr %to
}
define hidden i32 @memcmp(ptr %a, ptr %b, i64 %bytes) #0 {
  br label %check
check:
  %i = phi i64 [ 0, %0 ], [ %next, %compare ]
  %end = icmp eq i64 %i, %bytes
  br i1 %end, label %equal, label %compare
compare:
  %a.i = getelementptr i8, ptr %a, i64 %i
  %a.byte = load i8, ptr %a.i
  %b.i = getelementptr i8, ptr %b, i64 %i
  %b.byte = load i8, ptr %b.i
  %next = add nuw i64 %i, 1
  %same = icmp eq i8 %a.byte, %b.byte
  br i1 %same, label %check, label %differ
differ:
  %a.wide = zext i8 %a.byte to i32
  %b.wide = zext i8 %b.byte to i32
  %difference = sub i32 %a.wide, %b.wide
  ret i32 %difference
equal:
  ret i32 0
}
define hidden i32 @bcmp(ptr %a, ptr %b, i64 %bytes) #0 {
  %result = call i32 @memcmp(ptr %a, ptr %b, i64 %bytes)
  ret i32 %result
}
attributes #0 = { nounwind "no-builtins" }
)";

/// Conversions for CPUs without F16C or AVX512-BF16, in integer arithmetic. To half: a normal result rounds
/// to nearest even by an addition to the bits; a subnormal one by the float addition of 0.5, whose rounding
/// position is the least half.
static const char halfConversions[] = R"(
define hidden half @__truncsfhf2(float %x) #0 {
  %bits = bitcast float %x to i32
  %sign = and i32 %bits, -2147483648
  %magnitude = xor i32 %bits, %sign
  %is.nan = icmp ugt i32 %magnitude, 2139095040
  %is.large = icmp ugt i32 %magnitude, 1199566847
  %is.small = icmp ult i32 %magnitude, 947912704
  %mantissa = lshr i32 %magnitude, 13
  %odd = and i32 %mantissa, 1
  %rebased = add i32 %magnitude, -939524096
  %biased = add i32 %rebased, 4095
  %rounded = add i32 %biased, %odd
  %normal = lshr i32 %rounded, 13
  %absolute = bitcast i32 %magnitude to float
  %shifted = fadd float %absolute, 5.0e-01
  %shifted.bits = bitcast float %shifted to i32
  %small = add i32 %shifted.bits, -1056964608
  %payload = and i32 %mantissa, 511
  %nan = or i32 %payload, 32256
  %large = select i1 %is.nan, i32 %nan, i32 31744
  %finite = select i1 %is.small, i32 %small, i32 %normal
  %value = select i1 %is.large, i32 %large, i32 %finite
  %sign.bit = lshr i32 %sign, 16
  %signed = or i32 %value, %sign.bit
  %short = trunc i32 %signed to i16
  %half = bitcast i16 %short to half
  ret half %half
}
define hidden float @__extendhfsf2(half %x) #0 {
  %bits = bitcast half %x to i16
  %wide = zext i16 %bits to i32
  %sign = and i32 %wide, 32768
  %magnitude = xor i32 %wide, %sign
  %shifted = shl i32 %magnitude, 13
  %is.special = icmp uge i32 %magnitude, 31744
  %is.small = icmp ult i32 %magnitude, 1024
  %normal = add i32 %shifted, 939524096
  %special = or i32 %shifted, 2139095040
  %integer = uitofp i32 %magnitude to float
  %scaled = fmul float %integer, 0x3E70000000000000
  %small = bitcast float %scaled to i32
  %finite = select i1 %is.small, i32 %small, i32 %normal
  %value = select i1 %is.special, i32 %special, i32 %finite
  %sign.bit = shl i32 %sign, 16
  %signed = or i32 %value, %sign.bit
  %float = bitcast i32 %signed to float
  ret float %float
}
define hidden bfloat @__truncsfbf2(float %x) #0 {
  %bits = bitcast float %x to i32
  %magnitude = and i32 %bits, 2147483647
  %is.nan = icmp ugt i32 %magnitude, 2139095040
  %upper = lshr i32 %bits, 16
  %odd = and i32 %upper, 1
  %biased = add i32 %bits, 32767
  %rounded = add i32 %biased, %odd
  %number = lshr i32 %rounded, 16
  %nan = or i32 %upper, 64
  %value = select i1 %is.nan, i32 %nan, i32 %number
  %short = trunc i32 %value to i16
  %result = bitcast i16 %short to bfloat
  ret bfloat %result
}
attributes #0 = { nounwind "no-builtins" }
)";

llvm::Error winnow::addBuiltins(llvm::Module &module) {
  for (const char *text : {memoryFunctions, halfConversions}) {
    llvm::SMDiagnostic diagnostic;
    std::unique_ptr<llvm::Module> builtins = llvm::parseAssemblyString(text, diagnostic, module.getContext());
    if (!builtins)
      return llvm::createStringError("builtins do not parse: " + diagnostic.getMessage());
    for (const llvm::Function &builtin : *builtins)
      if (const llvm::Function *other = module.getFunction(builtin.getName());
          other && !other->isDeclaration())
        return llvm::createStringError("function '" + builtin.getName() +
                                       "' has the name of a function that code generation needs");
    builtins->setDataLayout(module.getDataLayout());
    builtins->setTargetTriple(module.getTargetTriple());
    if (llvm::Linker::linkModules(module, std::move(builtins)))
      return llvm::createStringError("builtins do not link into the module");
  }
  return llvm::Error::success();
}
