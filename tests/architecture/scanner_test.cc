#include "tests/architecture/scanner.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

namespace drydock::architecture {
namespace {

using ::testing::ElementsAre;

TEST(CodeOnly, BlanksCommentsAndLiteralsAndKeepsLines) {
  struct Case {
    const char* text;
    const char* code;
  };
  const std::vector<Case> cases = {
      {"a; // b\nc", "a;     \nc"},
      {"a /* b\nc */ d", "a     \n     d"},
      {"f(\"x // y\");", "f(\"      \");"},
      {"f(\"\\\"q\");", "f(\"   \");"},
      {"c = '\"'; d", "c = ' '; d"},
      {"n = 1'000'000; e", "n = 1'000'000; e"},
      {"s = R\"(a\n\"b)\"; t", "s = R\"  \n   \"; t"},
      {"s = R\"x(a)\" )x\"; t", "s = R\"        \"; t"},
      {"a // b", "a     "},
  };
  for (const Case& c : cases) {
    EXPECT_EQ(CodeOnly(c.text), c.code) << c.text;
  }
}

std::size_t Counted(std::string_view text) {
  const auto lines = CountedLines(CodeOnly(text));
  return static_cast<std::size_t>(std::count(lines.begin(), lines.end(), true));
}

TEST(CountedLines, LeavesOutBlanksCommentsAndTables) {
  EXPECT_EQ(Counted("int a;\n\n// word\nint b;\n"), 2U);
  EXPECT_EQ(Counted("const T t = {\n  {1,\n   2},\n  {3, 4},\n};\nint b;\n"), 2U);
  EXPECT_EQ(Counted("f(\n  \"one\"\n  \"two\");\n"), 1U);
  EXPECT_EQ(Counted("auto s = R\"(a\nb\nc)\";\n"), 1U);
  EXPECT_EQ(Counted("INSTANTIATE(A, B, testing::Values(\n C{1},\n C{2}));\nint b;\n"), 2U);
  EXPECT_EQ(Counted("void f() {\n  g();\n}\n"), 3U);
}

std::vector<std::string> Names(std::string_view text) {
  std::vector<std::string> names;
  for (const Function& function : Functions(CodeOnly(text))) {
    names.push_back(function.name + " " + std::to_string(function.line) + " " +
                    std::to_string(function.counted));
  }
  return names;
}

TEST(Functions, AreFoundWithTheirSizes) {
  EXPECT_THAT(Names("#include <a>\nnamespace x {\nint F(int a) {\n  if (a) {\n    b();\n  }\n"
                    "  return 1;\n}\n}\n"),
              ElementsAre("F 3 6"));
  EXPECT_THAT(Names("class A {\n public:\n  A() : a_{1}, b_(2) {}\n  int G() const { return 1; }\n"
                    "  int a_ = {};\n};\n"),
              ::testing::Contains("G 4 1"));
  EXPECT_THAT(Names("TEST(Suite, Name) {\n  f([] {\n    g();\n  });\n}\n"),
              ElementsAre("TEST(Suite, Name) 1 5"));
  EXPECT_THAT(
      Names("constexpr int kTable[] = {\n  1,\n};\nstruct B {\n  int x;\n};\nenum C { kD };\n"),
      ElementsAre());
  EXPECT_THAT(Names("template <class T>\nvoid H(T t,\n       int b) {\n  t();\n}\n"),
              ElementsAre("H 1 5"));
  EXPECT_THAT(Names("void A::B() {\n  x();\n}\n\nvoid C() {}\n"), ElementsAre("A::B 1 3", "C 5 1"));
}

}  // namespace
}  // namespace drydock::architecture
