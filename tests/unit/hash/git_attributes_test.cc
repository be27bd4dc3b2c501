#include "publisher/hash/git_attributes.h"

#include <gtest/gtest.h>

#include <ostream>

namespace drydock::publisher {
namespace {

struct PatternRow {
  std::string pattern;
  std::string path;
  bool matches;

  friend std::ostream& operator<<(std::ostream& out, const PatternRow& row) {
    return out << row.pattern << " on " << row.path;
  }
};

class GitPatternTest : public ::testing::TestWithParam<PatternRow> {};

TEST_P(GitPatternTest, MatchesAsGitDoes) {
  EXPECT_EQ(GitPatternMatches(GetParam().pattern, GetParam().path), GetParam().matches);
}

INSTANTIATE_TEST_SUITE_P(
    Rows, GitPatternTest,
    ::testing::Values(PatternRow{"a", "a", true}, PatternRow{"a", "ab", false},
                      PatternRow{"", "", true}, PatternRow{"*.sh", "x.sh", true},
                      PatternRow{"*.sh", ".sh", true}, PatternRow{"*.sh", "x.sh.bak", false},
                      PatternRow{"a/*.sh", "a/x.sh", true}, PatternRow{"a/*.sh", "a/b/x.sh", false},
                      PatternRow{"a/**", "a/b/c", true}, PatternRow{"a/**", "a", false},
                      PatternRow{"**/x", "x", true}, PatternRow{"**/x", "a/b/x", true},
                      PatternRow{"**/x", "a/bx", false}, PatternRow{"a/**/b", "a/b", true},
                      PatternRow{"a/**/b", "a/x/y/b", true}, PatternRow{"a/**/b", "a/xb", false},
                      PatternRow{"a**b", "axxb", true}, PatternRow{"a**b", "ax/xb", false},
                      PatternRow{"?", "a", true}, PatternRow{"a?b", "a/b", false},
                      PatternRow{"[a-c]x", "bx", true}, PatternRow{"[a-c]x", "dx", false},
                      PatternRow{"[!a-c]x", "dx", true}, PatternRow{"[^a-c]x", "ax", false},
                      PatternRow{"[]x]", "]", true}, PatternRow{"[a-]", "-", true},
                      PatternRow{"[[:digit:]_]", "7", true}, PatternRow{"[[:digit:]_]", "x", false},
                      PatternRow{"a[/]b", "a/b", false}, PatternRow{"[", "[", false},
                      PatternRow{"[a", "a", false}, PatternRow{"\\*", "*", true},
                      PatternRow{"\\*", "x", false}, PatternRow{"[\\]]", "]", true},
                      PatternRow{"*", "a/b", false}, PatternRow{"*", "", true},
                      PatternRow{"a/", "a", false}, PatternRow{"\\", "\\", false}));

struct CheckoutRow {
  std::string top;    // .gitattributes
  std::string inner;  // rootfs/.gitattributes
  GitConversion conversion;
  bool ident = false;
  std::string refused = {};

  friend std::ostream& operator<<(std::ostream& out, const CheckoutRow& row) {
    return out << row.top << " | " << row.inner;
  }
};

class GitCheckoutTest : public ::testing::TestWithParam<CheckoutRow> {};

TEST_P(GitCheckoutTest, OfRootfsEtcXSh) {
  const GitAttributes attributes =
      GitAttributes()
          .With(GitAttributeFile::Parse(GetParam().top, "", true))
          .With(GitAttributeFile::Parse(GetParam().inner, "rootfs/", false));
  const GitCheckout checkout = attributes.CheckoutOf("rootfs/etc/x.sh");
  EXPECT_EQ(checkout.conversion, GetParam().conversion);
  EXPECT_EQ(checkout.ident, GetParam().ident);
  EXPECT_EQ(checkout.refused, GetParam().refused);
}

constexpr GitConversion kNone = GitConversion::kNone;
constexpr GitConversion kCrlf = GitConversion::kCrlf;
constexpr GitConversion kAuto = GitConversion::kAutoCrlf;

INSTANTIATE_TEST_SUITE_P(
    Rows, GitCheckoutTest,
    ::testing::Values(
        CheckoutRow{"", "", kNone}, CheckoutRow{"* text", "", kNone},
        CheckoutRow{"* text=auto", "", kNone}, CheckoutRow{"* text eol=lf", "", kNone},
        CheckoutRow{"* eol=crlf", "", kCrlf}, CheckoutRow{"* text eol=crlf", "", kCrlf},
        CheckoutRow{"* text=auto eol=crlf", "", kAuto}, CheckoutRow{"* -text eol=crlf", "", kNone},
        CheckoutRow{"* binary eol=crlf", "", kNone}, CheckoutRow{"* -crlf eol=crlf", "", kNone},
        CheckoutRow{"* crlf eol=crlf", "", kCrlf}, CheckoutRow{"* text=input eol=crlf", "", kCrlf},
        CheckoutRow{"* text=odd crlf=auto eol=crlf", "", kAuto},
        CheckoutRow{"* eol=crlf\n*.sh eol=lf\n", "", kNone},
        CheckoutRow{"*.sh eol=lf\n* eol=crlf\n", "", kCrlf},
        CheckoutRow{"* eol=crlf eol=lf", "", kNone},
        CheckoutRow{"* eol=crlf", "*.sh eol=lf", kNone},
        CheckoutRow{"* eol=crlf", "*.sh !eol", kNone},
        CheckoutRow{"* eol=lf", "etc/*.sh eol=crlf", kCrlf},
        CheckoutRow{"/rootfs/etc/x.sh eol=crlf", "", kCrlf},
        CheckoutRow{"/x.sh eol=crlf", "", kNone}, CheckoutRow{"rootfs/** eol=crlf", "", kCrlf},
        CheckoutRow{"rootfs/ eol=crlf", "", kNone}, CheckoutRow{"rootfs eol=crlf", "", kNone},
        CheckoutRow{"!*.sh eol=crlf", "", kNone}, CheckoutRow{"# * eol=crlf", "", kNone},
        CheckoutRow{"\t* eol=crlf\r\n", "", kCrlf}, CheckoutRow{"\"*.s\\150\" eol=crlf", "", kCrlf},
        CheckoutRow{"* eol=crlf in/valid", "", kNone},
        CheckoutRow{"[attr]dos text eol=crlf\n*.sh dos", "", kCrlf},
        CheckoutRow{"[attr]dos text eol=crlf\n*.sh -dos", "", kNone},
        CheckoutRow{"[attr]binary eol=crlf\n*.sh binary", "", kCrlf},
        CheckoutRow{"", "[attr]dos eol=crlf\n*.sh dos", kNone},
        CheckoutRow{"*.sh ident", "", kNone, true}, CheckoutRow{"*.sh -ident", "", kNone, false},
        CheckoutRow{"*.sh filter=lfs diff=lfs merge=lfs -text", "", kNone, false, "filter=lfs"},
        CheckoutRow{"*.sh -filter", "", kNone}, CheckoutRow{"*.sh filter", "", kNone},
        CheckoutRow{"* filter=lfs", "*.sh !filter", kNone},
        CheckoutRow{"*.sh working-tree-encoding=UTF-16LE", "", kNone, false,
                    "working-tree-encoding=UTF-16LE"},
        CheckoutRow{"*.sh working-tree-encoding=utf-8", "", kNone}));

struct ContentRow {
  GitConversion conversion;
  std::string content;
  std::string checkout;

  friend std::ostream& operator<<(std::ostream& out, const ContentRow& row) {
    return out << ::testing::PrintToString(row.content);
  }
};

class GitContentTest : public ::testing::TestWithParam<ContentRow> {};

TEST_P(GitContentTest, IsConvertedAsGitDoes) {
  EXPECT_EQ(ConvertForCheckout(GetParam().content, GetParam().conversion), GetParam().checkout);
}

INSTANTIATE_TEST_SUITE_P(
    Rows, GitContentTest,
    ::testing::Values(
        ContentRow{kNone, "a\nb\r\n", "a\nb\r\n"}, ContentRow{kCrlf, "a\nb\n", "a\r\nb\r\n"},
        ContentRow{kCrlf, "", ""}, ContentRow{kCrlf, "a\r\nb\n", "a\r\nb\r\n"},
        ContentRow{kCrlf, "a\rb\n", "a\rb\r\n"},
        ContentRow{kCrlf, std::string("\0\n", 2), std::string("\0\r\n", 3)},
        ContentRow{kAuto, "a\nb\n", "a\r\nb\r\n"}, ContentRow{kAuto, "a\r\nb\n", "a\r\nb\n"},
        ContentRow{kAuto, "a\rb\n", "a\rb\n"},
        ContentRow{kAuto, std::string("a\0\n", 3), std::string("a\0\n", 3)},
        ContentRow{kAuto, "\1\n", "\1\n"}, ContentRow{kAuto, "\032\n\032", "\032\n\032"},
        ContentRow{kAuto, "ab\n\032", "ab\r\n\032"}));

}  // namespace
}  // namespace drydock::publisher
