// Lets LLVM's object writer make everything but the module's bytes: it would copy them. For LLVM their
// section takes no space in the file, as .bss does; afterwards the section's header is told that they are at
// the end of the file.
#include "lib/Target/Object/EmitObject.h"

#include "lib/Target/Host/CodeGenerator.h"

#include "llvm/ADT/SmallString.h"
#include "llvm/BinaryFormat/ELF.h"
#include "llvm/MC/MCAsmBackend.h"
#include "llvm/MC/MCAsmInfo.h"
#include "llvm/MC/MCCodeEmitter.h"
#include "llvm/MC/MCContext.h"
#include "llvm/MC/MCExpr.h"
#include "llvm/MC/MCInstrInfo.h"
#include "llvm/MC/MCObjectFileInfo.h"
#include "llvm/MC/MCObjectWriter.h"
#include "llvm/MC/MCRegisterInfo.h"
#include "llvm/MC/MCSectionELF.h"
#include "llvm/MC/MCStreamer.h"
#include "llvm/MC/MCSubtargetInfo.h"
#include "llvm/MC/MCSymbolELF.h"
#include "llvm/Object/ELF.h"
#include "llvm/Support/raw_ostream.h"
#include "llvm/TargetParser/Triple.h"

#include <optional>

using namespace winnow;

/// The weights in it begin at pages, too.
static constexpr uint64_t kModuleAlignment = 4096;
/// What code reaches that was compiled without regard to large data.
static constexpr uint64_t kMaximumNearSize = uint64_t(1) << 31;

static bool isX86(const HostTarget &target) { return llvm::Triple(target.triple).isX86(); }

/// Of the section that has the module's bytes.
static std::string sectionName(const HostTarget &target, llvm::StringRef prefix) {
  return ((isX86(target) ? ".lrodata." : ".rodata.") + prefix).str();
}

/// Puts a read-only variable, whose value `emitValue` emits, into the section that the streamer is in.
static void emitVariable(llvm::MCStreamer &streamer, llvm::MCSymbol *symbol, uint64_t size,
                         llvm::function_ref<void()> emitValue) {
  streamer.emitSymbolAttribute(symbol, llvm::MCSA_ELF_TypeObject);
  streamer.emitLabel(symbol);
  emitValue();
  streamer.emitELFSize(symbol, llvm::MCConstantExpr::create(int64_t(size), streamer.getContext()));
}

/// The module's bytes as a local variable, which people see in lists of symbols.
static llvm::MCSymbol *emitModule(llvm::MCStreamer &streamer, const HostTarget &target,
                                  llvm::StringRef prefix, uint64_t size) {
  llvm::MCContext &context = streamer.getContext();
  unsigned flags = llvm::ELF::SHF_ALLOC | (isX86(target) ? llvm::ELF::SHF_X86_64_LARGE : 0);
  streamer.switchSection(context.getELFSection(sectionName(target, prefix), llvm::ELF::SHT_NOBITS, flags));
  streamer.emitValueToAlignment(llvm::Align(kModuleAlignment));
  llvm::MCSymbol *module = context.getOrCreateSymbol(prefix + "_module");
  emitVariable(streamer, module, size, [&] { streamer.emitZeros(size); });
  return module;
}

/// The two variables that programs use. The first one's value is known when the program is loaded.
static void emitInterface(llvm::MCStreamer &streamer, llvm::MCSymbol *module, llvm::StringRef prefix,
                          uint64_t size) {
  llvm::MCContext &context = streamer.getContext();
  streamer.switchSection(context.getELFSection(".data.rel.ro." + prefix, llvm::ELF::SHT_PROGBITS,
                                               llvm::ELF::SHF_ALLOC | llvm::ELF::SHF_WRITE));
  streamer.emitValueToAlignment(llvm::Align(8));
  auto emitHidden = [&](const char *suffix, llvm::function_ref<void()> emitValue) {
    llvm::MCSymbol *symbol = context.getOrCreateSymbol(prefix + suffix);
    streamer.emitSymbolAttribute(symbol, llvm::MCSA_Global);
    streamer.emitSymbolAttribute(symbol, llvm::MCSA_Hidden);
    emitVariable(streamer, symbol, 8, emitValue);
  };
  emitHidden("_data", [&] { streamer.emitValue(llvm::MCSymbolRefExpr::create(module, context), 8); });
  emitHidden("_size", [&] { streamer.emitInt64(size); });
}

/// Says that the object keeps to the control-flow protections of its architecture, as what has no code does:
/// a linker turns them off for the whole program if one object does not say so.
static void emitProtections(llvm::MCStreamer &streamer, const HostTarget &target) {
  using namespace llvm::ELF;
  streamer.switchSection(streamer.getContext().getELFSection(".note.gnu.property", SHT_NOTE, SHF_ALLOC));
  streamer.emitValueToAlignment(llvm::Align(8));
  streamer.emitInt32(4);  // bytes of the name
  streamer.emitInt32(16); // bytes of the property
  streamer.emitInt32(NT_GNU_PROPERTY_TYPE_0);
  streamer.emitBytes(llvm::StringRef("GNU", 4));
  streamer.emitInt32(isX86(target) ? GNU_PROPERTY_X86_FEATURE_1_AND : GNU_PROPERTY_AARCH64_FEATURE_1_AND);
  streamer.emitInt32(4); // bytes of its value
  streamer.emitInt32(isX86(target) ? GNU_PROPERTY_X86_FEATURE_1_IBT | GNU_PROPERTY_X86_FEATURE_1_SHSTK
                                   : GNU_PROPERTY_AARCH64_FEATURE_1_BTI | GNU_PROPERTY_AARCH64_FEATURE_1_PAC);
  streamer.emitInt32(0); // to a multiple of 8 bytes
}

/// Emits the object, in which the module's section takes no space.
static void emitObject(const llvm::Target &generator, const HostTarget &target, llvm::StringRef prefix,
                       uint64_t moduleSize, llvm::raw_pwrite_stream &stream) {
  llvm::Triple triple(target.triple);
  llvm::MCTargetOptions options;
  std::unique_ptr<llvm::MCRegisterInfo> registers(generator.createMCRegInfo(triple));
  std::unique_ptr<llvm::MCAsmInfo> assembly(generator.createMCAsmInfo(*registers, triple, options));
  std::unique_ptr<llvm::MCInstrInfo> instructions(generator.createMCInstrInfo());
  std::unique_ptr<llvm::MCSubtargetInfo> subtarget(generator.createMCSubtargetInfo(triple, "", ""));
  llvm::MCContext context(triple, assembly.get(), registers.get(), subtarget.get());
  std::unique_ptr<llvm::MCObjectFileInfo> sections(generator.createMCObjectFileInfo(context, /*PIC=*/true));
  context.setObjectFileInfo(sections.get());
  std::unique_ptr<llvm::MCAsmBackend> backend(generator.createMCAsmBackend(*subtarget, *registers, options));
  std::unique_ptr<llvm::MCObjectWriter> writer = backend->createObjectWriter(stream);
  std::unique_ptr<llvm::MCCodeEmitter> emitter(generator.createMCCodeEmitter(*instructions, context));
  std::unique_ptr<llvm::MCStreamer> streamer(generator.createMCObjectStreamer(
      triple, context, std::move(backend), std::move(writer), std::move(emitter), *subtarget));
  streamer->initSections(/*NoExecStack=*/true, *subtarget);
  streamer->switchSection(assembly->getStackSection(context, /*Exec=*/false));
  emitProtections(*streamer, target);
  llvm::MCSymbol *module = emitModule(*streamer, target, prefix, moduleSize);
  emitInterface(*streamer, module, prefix, moduleSize);
  streamer->finish();
}

/// Pads `object` and tells its section `name` that its bytes follow.
static llvm::Error placeAtEnd(llvm::SmallVectorImpl<char> &object, llvm::StringRef name) {
  object.resize(llvm::alignTo(object.size(), kModuleAlignment));
  auto file = llvm::object::ELF64LEFile::create(llvm::StringRef(object.data(), object.size()));
  if (!file)
    return file.takeError();
  auto sections = file->sections();
  if (!sections)
    return sections.takeError();
  for (const llvm::object::ELF64LE::Shdr &section : *sections) {
    llvm::Expected<llvm::StringRef> found = file->getSectionName(section);
    if (!found)
      return found.takeError();
    if (*found != name)
      continue;
    size_t place = reinterpret_cast<const char *>(&section) - object.data();
    auto &header = *reinterpret_cast<llvm::object::ELF64LE::Shdr *>(object.data() + place);
    header.sh_type = llvm::ELF::SHT_PROGBITS;
    header.sh_offset = object.size();
  }
  return llvm::Error::success();
}

llvm::Expected<HostTarget> winnow::selectObjectTarget(llvm::ArrayRef<std::string> targets) {
  std::optional<HostTarget> selected;
  for (llvm::StringRef name : targets) {
    auto [kind, cpu] = name.split(':');
    if (kind != "host")
      continue;
    llvm::Expected<HostTarget> target = HostTarget::parse(cpu.empty() ? "native" : cpu);
    if (!target)
      return target.takeError();
    if (selected && selected->triple != target->triple)
      return llvm::createStringError("an object is of one architecture, but the targets host:" +
                                     selected->name + " and host:" + target->name + " are of two");
    selected = *target;
  }
  return selected ? *selected : HostTarget::parse("native");
}

llvm::Expected<std::string> winnow::emitObjectStart(const HostTarget &target, llvm::StringRef prefix,
                                                    uint64_t moduleSize) {
  if (!isX86(target) && moduleSize > kMaximumNearSize)
    return llvm::createStringError("the module has " + llvm::Twine(moduleSize) +
                                   " bytes, but an object for " + target.name + " may have at most " +
                                   llvm::Twine(kMaximumNearSize) + ": write a module file and load it");
  auto generator = findCodeGenerator(target.triple);
  if (!generator)
    return generator.takeError();
  llvm::SmallString<0> object;
  llvm::raw_svector_ostream stream(object);
  emitObject(**generator, target, prefix, moduleSize, stream);
  if (llvm::Error error = placeAtEnd(object, sectionName(target, prefix)))
    return error;
  return std::string(object);
}
