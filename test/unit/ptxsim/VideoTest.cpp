// Video instructions against the pseudocode of the PTX ISA ("Scalar Video Instructions", "SIMD Video
// Instructions"), written out here in exact integers, on random operands and edges.
#include "test/unit/ptxsim/Harness.h"

#include <algorithm>
#include <random>

namespace winnow::ptxsim::test {
namespace {

__extension__ using Exact = __int128;

const std::vector<std::string> kTypes{"u32", "s32"}, kParts{"", ".b0", ".b1", ".b2", ".b3", ".h0", ".h1"};

struct Words {
  std::vector<uint32_t> a, b, c;
};

/// Edges against one another, and random words of which some have small bytes.
Words makeWords(uint32_t seed) {
  const uint32_t edges[] = {0,          1,          0x7f,       0x80,       0xff,      0x7fff, 0x8000,
                            0xffff,     0x7fffffff, 0x80000000, 0xffffffff, 33,        32,     31,
                            0x80808080, 0x7f7f7f7f, 0x80008000, 0x00ff00ff, 0xff00ff00};
  Words words;
  std::mt19937 random(seed);
  for (uint32_t first : edges)
    for (uint32_t second : {edges[random() % 19], edges[random() % 19]}) {
      words.a.push_back(first);
      words.b.push_back(second);
    }
  while (words.a.size() < 96) {
    words.a.push_back(uint32_t(random()));
    words.b.push_back(uint32_t(random()) & (random() % 2 ? 0x1f3f0f27u : 0xffffffffu));
  }
  while (words.c.size() < 96)
    words.c.push_back(random() % 4 ? uint32_t(random()) : edges[random() % 19]);
  return words;
}

std::vector<uint32_t> run(const std::string &instruction, const Words &words) {
  return evaluate<uint32_t>(instruction, {"b32", "b32", "b32", "b32"}, words.a, words.b, words.c);
}

Exact truncate(Exact value, unsigned bits) {
  Exact modulus = Exact(1) << bits, low = ((value % modulus) + modulus) % modulus;
  return low >= modulus / 2 ? low - modulus : low;
}

Exact field(uint64_t word, unsigned first, unsigned bits, bool isSigned) {
  Exact value = Exact(word) / (Exact(1) << first) % (Exact(1) << bits);
  return isSigned ? truncate(value, bits) : value;
}

/// ".b2" or ".h1" or "" of a word.
Exact part(uint32_t word, const std::string &selector, const std::string &type) {
  if (selector.empty())
    return field(word, 0, 32, type == "s32");
  unsigned bits = selector[1] == 'b' ? 8 : 16;
  return field(word, bits * unsigned(selector[2] - '0'), bits, type == "s32");
}

Exact clampTo(Exact value, unsigned bits, const std::string &type) {
  Exact range = Exact(1) << bits;
  Exact least = type == "s32" ? -(range / 2) : 0, most = least + range - 1;
  return value < least ? least : value > most ? most : value;
}

Exact primary(const std::string &operation, Exact a, Exact b) {
  if (operation == "vadd")
    return a + b;
  if (operation == "vsub")
    return a - b;
  if (operation == "vabsdiff")
    return a > b ? a - b : b - a;
  if (operation == "vmin")
    return a < b ? a : b;
  if (operation == "vmax")
    return a < b ? b : a;
  if (operation == "vavrg") {
    Exact doubled = a + b >= 0 ? a + b + 1 : a + b;
    return (doubled - (doubled % 2 != 0 && doubled < 0)) / 2; // floor
  }
  ADD_FAILURE() << operation;
  return 0;
}

bool compares(const std::string &comparison, Exact a, Exact b) {
  return comparison == "eq"   ? a == b
         : comparison == "ne" ? a != b
         : comparison == "lt" ? a < b
         : comparison == "le" ? a <= b
         : comparison == "gt" ? a > b
                              : a >= b;
}

/// optSaturate, optSecOp and optMerge of the ISA, with the numbers of bits that it declares.
uint32_t finish(Exact value, bool saturates, const std::string &type, const std::string &second,
                const std::string &destination, uint32_t c) {
  unsigned bits = destination.empty() ? 32 : destination[1] == 'b' ? 8 : 16;
  value = truncate(value, 34);
  value = truncate(saturates ? clampTo(value, bits, type) : value, 33);
  Exact third = field(c, 0, 32, type == "s32");
  if (second == ".add")
    value += third;
  if (second == ".min")
    value = std::min(value, third);
  if (second == ".max")
    value = std::max(value, third);
  if (destination.empty())
    return uint32_t(field(uint64_t(value), 0, 32, false));
  unsigned shift = bits * unsigned(destination[2] - '0');
  uint32_t ones = bits == 8 ? 0xff : 0xffff;
  return (c & ~(ones << shift)) | (uint32_t(value) & ones) << shift;
}

/// One form of a scalar instruction: what stands behind its name and its operands.
struct ScalarForm {
  std::string result, a, b; // types
  std::string selectA, selectB, destination, second;
  bool saturates = false;

  std::string operands() const {
    return " %d" + destination + ", %a" + selectA + ", %b" + selectB +
           (second.empty() && destination.empty() ? ";" : ", %c;");
  }
};

/// All types, with and without saturation, every second operation and every place of the result.
std::vector<ScalarForm> scalarForms(std::mt19937 &random) {
  std::vector<ScalarForm> forms;
  for (const std::string &result : kTypes)
    for (const std::string &a : kTypes)
      for (const std::string &b : kTypes)
        for (bool saturates : {false, true}) {
          auto add = [&](const std::string &destination, const std::string &second) {
            forms.push_back(
                {result, a, b, kParts[random() % 7], kParts[random() % 7], destination, second, saturates});
          };
          for (const std::string &destination : kParts)
            add(destination, "");
          for (const char *second : {".add", ".min", ".max"})
            add("", second);
        }
  return forms;
}

class Scalar : public testing::TestWithParam<const char *> {};
INSTANTIATE_TEST_SUITE_P(Video, Scalar, testing::Values("vadd", "vsub", "vabsdiff", "vmin", "vmax"),
                         [](const auto &info) { return std::string(info.param); });

TEST_P(Scalar, Arithmetic) {
  std::mt19937 random(7);
  const Words words = makeWords(1);
  for (ScalarForm form : scalarForms(random)) {
    std::string text = std::string(GetParam()) + "." + form.result + "." + form.a + "." + form.b +
                       (form.saturates ? ".sat" : "") + form.second + form.operands();
    std::vector<uint32_t> out = run(text, words);
    for (size_t i = 0; i < out.size(); ++i) {
      Exact value =
          primary(GetParam(), part(words.a[i], form.selectA, form.a), part(words.b[i], form.selectB, form.b));
      ASSERT_EQ(out[i], finish(value, form.saturates, form.result, form.second, form.destination, words.c[i]))
          << text << std::hex << " " << words.a[i] << " " << words.b[i] << " " << words.c[i];
    }
  }
}

TEST(Video, Shifts) {
  std::mt19937 random(8);
  const Words words = makeWords(2);
  for (bool isLeft : {true, false})
    for (bool wraps : {true, false})
      for (ScalarForm form : scalarForms(random)) {
        if (form.b == "s32")
          continue;
        std::string text = std::string(isLeft ? "vshl." : "vshr.") + form.result + "." + form.a + ".u32" +
                           (form.saturates ? ".sat" : "") + (wraps ? ".wrap" : ".clamp") + form.second +
                           form.operands();
        std::vector<uint32_t> out = run(text, words);
        for (size_t i = 0; i < out.size(); ++i) {
          Exact a = part(words.a[i], form.selectA, form.a), b = part(words.b[i], form.selectB, "u32");
          b = wraps ? b % 32 : b > 32 ? 32 : b;
          Exact power = Exact(1) << int(b), rest = ((a % power) + power) % power;
          Exact value = isLeft ? a * power : (a - rest) / power;
          ASSERT_EQ(out[i],
                    finish(value, form.saturates, form.result, form.second, form.destination, words.c[i]))
              << text << std::hex << " " << words.a[i] << " " << words.b[i] << " " << words.c[i];
        }
      }
}

TEST(Video, Comparisons) {
  std::mt19937 random(9);
  const Words words = makeWords(3);
  for (const char *comparison : {"eq", "ne", "lt", "le", "gt", "ge"})
    for (ScalarForm form : scalarForms(random)) {
      if (form.result == "s32" || form.saturates)
        continue;
      std::string text = "vset." + form.a + "." + form.b + "." + comparison + form.second + form.operands();
      std::vector<uint32_t> out = run(text, words);
      for (size_t i = 0; i < out.size(); ++i) {
        Exact holds = compares(comparison, part(words.a[i], form.selectA, form.a),
                               part(words.b[i], form.selectB, form.b));
        ASSERT_EQ(out[i], finish(holds, false, "u32", form.second, form.destination, words.c[i])) << text;
      }
    }
}

TEST(Video, MultiplyAdd) {
  std::mt19937 random(10);
  const Words words = makeWords(4);
  const std::vector<std::string> signs{"   ", "-  ", " - ", "-- ", "  -", "---", "po"};
  for (const std::string &sign : signs)
    for (const std::string &a : kTypes)
      for (const std::string &b : kTypes)
        for (int scale : {0, 7, 15})
          for (bool saturates : {false, true}) {
            std::string selectA = kParts[random() % 7], selectB = kParts[random() % 7];
            bool isPlusOne = sign == "po";
            auto minus = [&](size_t i) { return !isPlusOne && sign[i] == '-' ? "-" : ""; };
            std::string text = "vmad." + kTypes[random() % 2] + "." + a + "." + b + (isPlusOne ? ".po" : "") +
                               (saturates ? ".sat" : "") + (scale ? ".shr" + std::to_string(scale) : "") +
                               " %d, " + minus(0) + "%a" + selectA + ", " + minus(1) + "%b" + selectB + ", " +
                               minus(2) + "%c;";
            bool negatesProduct = !isPlusOne && sign[0] != sign[1], negatesC = !isPlusOne && sign[2] == '-';
            bool isSigned = a == "s32" || b == "s32" || negatesProduct || negatesC;
            std::vector<uint32_t> out = run(text, words);
            for (size_t i = 0; i < out.size(); ++i) {
              Exact product = part(words.a[i], selectA, a) * part(words.b[i], selectB, b);
              // The ISA negates c in 32 bits as ~c, extends it, and adds one.
              Exact c = negatesC ? field(~words.c[i], 0, 32, true) + 1 : field(words.c[i], 0, 32, isSigned);
              Exact sum = (negatesProduct ? -product : product) + c + (isPlusOne ? 1 : 0);
              Exact power = Exact(1) << scale, rest = ((sum % power) + power) % power;
              Exact value = (sum - rest) / power;
              if (saturates)
                value = clampTo(value, 32, isSigned ? "s32" : "u32");
              ASSERT_EQ(out[i], uint32_t(field(uint64_t(value), 0, 32, false)))
                  << text << std::hex << " " << words.a[i] << " " << words.b[i] << " " << words.c[i];
            }
          }
}

/// Selectors and masks of instructions on 2 or 4 elements.
struct VectorForm {
  std::string mask, selectA, selectB, a, b, result;
  std::string operands() const { return " %d" + mask + ", %a" + selectA + ", %b" + selectB + ", %c;"; }
};

VectorForm makeVectorForm(std::mt19937 &random, unsigned elements) {
  std::string letter = elements == 2 ? ".h" : ".b";
  VectorForm form;
  form.a = kTypes[random() % 2];
  form.b = kTypes[random() % 2];
  form.result = kTypes[random() % 2];
  unsigned chosen = random() % (1u << elements);
  if (chosen)
    form.mask = letter;
  for (int i = int(elements) - 1; chosen && i >= 0; --i)
    if (chosen >> i & 1)
      form.mask += char('0' + i);
  for (std::string *selector : {&form.selectA, &form.selectB})
    if (random() % 4) {
      *selector = letter;
      for (unsigned i = 0; i < elements; ++i)
        *selector += char('0' + random() % (2 * elements));
    }
  return form;
}

/// Element i of the vector that a selector makes of b:a.
Exact selected(uint32_t a, uint32_t b, const std::string &selector, unsigned i, unsigned elements,
               const std::string &type, bool isFirst) {
  unsigned place =
      selector.empty() ? i + (isFirst ? 0 : elements) : unsigned(selector[elements + 1 - i] - '0');
  return field(uint64_t(b) << 32 | a, place * 32 / elements, 32 / elements, type == "s32");
}

bool isMasked(const std::string &mask, unsigned i) {
  return mask.empty() || mask.find(char('0' + i), 2) != std::string::npos;
}

/// `value(i)` are the elements of the result.
template <class Value>
uint32_t finishVector(bool adds, const std::string &mask, unsigned elements, uint32_t c, Value value) {
  uint32_t ones = elements == 2 ? 0xffff : 0xff, out = c;
  for (unsigned i = 0; i < elements; ++i) {
    if (!isMasked(mask, i))
      continue;
    unsigned shift = 32 / elements * i;
    out = adds ? out + uint32_t(value(i)) : (out & ~(ones << shift)) | (uint32_t(value(i)) & ones) << shift;
  }
  return out;
}

class Vector : public testing::TestWithParam<const char *> {};
INSTANTIATE_TEST_SUITE_P(Video, Vector, testing::Values("vadd", "vsub", "vavrg", "vabsdiff", "vmin", "vmax"),
                         [](const auto &info) { return std::string(info.param); });

TEST_P(Vector, Arithmetic) {
  std::mt19937 random(11);
  const Words words = makeWords(5);
  for (unsigned elements : {2u, 4u})
    for (const char *suffix : {"", ".sat", ".add"})
      for (int repeat = 0; repeat < 40; ++repeat) {
        const VectorForm form = makeVectorForm(random, elements);
        std::string text = GetParam() + std::to_string(elements) + "." + form.result + "." + form.a + "." +
                           form.b + suffix + form.operands();
        std::vector<uint32_t> out = run(text, words);
        for (size_t i = 0; i < out.size(); ++i) {
          auto value = [&](unsigned element) {
            uint32_t a = words.a[i], b = words.b[i];
            Exact exact = primary(GetParam(), selected(a, b, form.selectA, element, elements, form.a, true),
                                  selected(a, b, form.selectB, element, elements, form.b, false));
            return std::string(suffix) == ".sat" ? clampTo(exact, 32 / elements, form.result) : exact;
          };
          ASSERT_EQ(out[i],
                    finishVector(std::string(suffix) == ".add", form.mask, elements, words.c[i], value))
              << text << std::hex << " " << words.a[i] << " " << words.b[i] << " " << words.c[i];
        }
      }
}

TEST(Video, VectorComparisons) {
  std::mt19937 random(12);
  const Words words = makeWords(6);
  for (unsigned elements : {2u, 4u})
    for (const char *comparison : {"eq", "ne", "lt", "le", "gt", "ge"})
      for (bool adds : {false, true})
        for (int repeat = 0; repeat < 10; ++repeat) {
          const VectorForm form = makeVectorForm(random, elements);
          std::string text = "vset" + std::to_string(elements) + "." + form.a + "." + form.b + "." +
                             comparison + (adds ? ".add" : "") + form.operands();
          std::vector<uint32_t> out = run(text, words);
          for (size_t i = 0; i < out.size(); ++i) {
            auto value = [&](unsigned element) {
              uint32_t a = words.a[i], b = words.b[i];
              return compares(comparison, selected(a, b, form.selectA, element, elements, form.a, true),
                              selected(a, b, form.selectB, element, elements, form.b, false));
            };
            ASSERT_EQ(out[i], finishVector(adds, form.mask, elements, words.c[i], value)) << text;
          }
        }
}

TEST(Video, ConstantsAndNumbersOfInstructions) {
  const Words words = makeWords(7);
  std::vector<uint32_t> out = run("vadd.s32.s32.s32.sat.max %d, %a, -7, 100;", words);
  for (size_t i = 0; i < out.size(); ++i) {
    int64_t sum = std::clamp<int64_t>(int64_t(int32_t(words.a[i])) - 7, INT32_MIN, INT32_MAX);
    ASSERT_EQ(int32_t(out[i]), std::max<int64_t>(sum, 100));
  }
  Execution counted(header() + ".visible .entry k() { .reg .b32 %r<3>; vadd4.u32.u32.u32 %r0, %r1, %r2, 0; "
                               "vmad.u32.u32.u32 %r0, %r1, -%r2, %r0; ret; }");
  ASSERT_TRUE(counted.launch(1, 32).ok());
  EXPECT_EQ(counted.statistics.warpInstructions, 3u);
  EXPECT_EQ(counted.statistics.otherInteger, 4u * 32);
  EXPECT_EQ(counted.statistics.integerMultiplyAdds, 32u);
}

TEST(VideoErrors, Forms) {
  auto error = [](const std::string &body) {
    auto program =
        Program::parse(header() + ".entry k()\n{ .reg .b32 %r, %a, %b, %c;\n" + body + "\n}\n", "t");
    std::string message = program.ok() ? "" : program.status().message();
    return message.substr(0, message.find(" in '"));
  };
  EXPECT_EQ(error("vadd.u32.u32 %r, %a, %b;"), "t:6:1: expected three types, each '.u32' or '.s32',");
  EXPECT_EQ(error("vadd.b32.u32.u32 %r, %a, %b;"), "t:6:1: expected three types, each '.u32' or '.s32',");
  EXPECT_EQ(error("vset4.u32.lt %r, %a, %b, %c;"), "t:6:1: expected two types, each '.u32' or '.s32',");
  EXPECT_EQ(error("vset.u32.u32.hi %r, %a, %b;"), "t:6:1: unsupported comparison");
  EXPECT_EQ(error("vset.u32.u32.lt.sat %r, %a, %b;"), "t:6:1: unsupported modifier '.sat'");
  EXPECT_EQ(error("vadd.u32.u32.u32.add %r, %a, %b;"), "t:6:1: expected 4 operands, found 3");
  EXPECT_EQ(error("vadd.u32.u32.u32 %r.b0, %a, %b;"), "t:6:1: expected 4 operands, found 3");
  EXPECT_EQ(error("vadd.u32.u32.u32 %r, %a, %b, %c;"), "t:6:1: expected 3 operands, found 4");
  EXPECT_EQ(error("vadd.u32.u32.u32;"), "t:6:1: expected 3 operands, found 0");
  EXPECT_EQ(error("vadd.u32.u32.u32.min %r.h0, %a, %b, %c;"),
            "t:6:22: expected a destination without a selector");
  EXPECT_EQ(error("vadd.u32.u32.u32 %r, %a.b4, %b;"),
            "t:6:22: expected one of the selectors '.b0' to '.b3', '.h0' and '.h1' instead of '.b4'");
  EXPECT_EQ(error("vadd.u32.u32.u32 %r.h10, %a, %b, %c;"),
            "t:6:18: expected one of the selectors '.b0' to '.b3', '.h0' and '.h1' instead of '.h10'");
  EXPECT_EQ(error("vadd4.u32.u32.u32 %r, %a, %b;"), "t:6:1: expected 4 operands, found 3");
  EXPECT_EQ(error("vadd4.u32.u32.u32.sat.add %r, %a, %b, %c;"),
            "t:6:1: unsupported saturation of what is added");
  EXPECT_EQ(error("vadd4.u32.u32.u32.min %r, %a, %b, %c;"), "t:6:1: unsupported modifier '.min'");
  EXPECT_EQ(error("vadd4.u32.u32.u32 %r.b13, %a, %b, %c;"),
            "t:6:19: expected a mask such as '.b3210' instead of '.b13'");
  EXPECT_EQ(error("vadd2.u32.u32.u32 %r.h2, %a, %b, %c;"),
            "t:6:19: expected a mask such as '.h10' instead of '.h2'");
  EXPECT_EQ(error("vadd4.u32.u32.u32 %r, %a.b321, %b, %c;"),
            "t:6:23: expected a selector such as '.b3210' instead of '.b321'");
  EXPECT_EQ(error("vadd2.u32.u32.u32 %r, %a, %b.h40, %c;"),
            "t:6:27: expected a selector such as '.h10' instead of '.h40'");
  EXPECT_EQ(error("vshl.u32.u32.u32 %r, %a, %b;"), "t:6:1: unsupported mode");
  EXPECT_EQ(error("vshr.u32.u32.s32.clamp %r, %a, %b;"), "t:6:1: expected '.u32' as type of the shift");
  EXPECT_EQ(error("vmad.u32.u32.u32.po %r, %a, -%b, %c;"),
            "t:6:1: at most one of the product and c may be negated, and none with '.po',");
  EXPECT_EQ(error("vmad.u32.u32.u32 %r, -%a, %b, -%c;"),
            "t:6:1: at most one of the product and c may be negated, and none with '.po',");
  EXPECT_EQ(error("vadd.u32.u32.u32 %r, -%a, %b;"), "t:6:22: expected a register or a constant");
  EXPECT_EQ(error("add.u32 %r, %a, -%b;"), "t:6:17: expected a register or a constant");
}

} // namespace
} // namespace winnow::ptxsim::test
