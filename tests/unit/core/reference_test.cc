#include "core/reference.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <regex>
#include <string>

#include "core/text.h"

namespace drydock {
namespace {

const std::string kDigest = "sha256:" + std::string(64, 'a');

TEST(RepositoryName, FollowsTheGrammar) {
  const std::string good[] = {"a",     "library/alpine", "a.b_c-d", "a__b",
                              "a---b", "a/b/c/d",        "0",       std::string(255, 'a')};
  for (const std::string& name : good) {
    EXPECT_TRUE(IsRepositoryName(name)) << name;
  }
  const std::string bad[] = {
      "",      "A",    "a/",  "/a",  "a//b", "-a", "a-", "a..b",
      "a___b", "a._b", "a b", "a:b", "ä",    "a.", "_a", std::string(256, 'a')};
  for (const std::string& name : bad) {
    EXPECT_FALSE(IsRepositoryName(name)) << name;
  }
}

TEST(Tag, FollowsTheGrammar) {
  for (const std::string& tag : {std::string("v1.15.12"), std::string("_x"), std::string("A-b_C.9"),
                                 std::string(128, 'x')}) {
    EXPECT_TRUE(IsTag(tag)) << tag;
  }
  for (const std::string& tag :
       {std::string(), std::string(".a"), std::string("-a"), std::string("a/b"), std::string("a:b"),
        std::string("ä"), std::string(129, 'x')}) {
    EXPECT_FALSE(IsTag(tag)) << tag;
  }
}

// The grammar as the distribution-spec writes it, as an oracle.
TEST(RepositoryName, AgreesWithTheSpecsExpression) {
  static const std::regex kName(
      R"([a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*(\/[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*)*)");
  static const std::regex kTag(R"([a-zA-Z0-9_][a-zA-Z0-9._-]{0,127})");
  EXPECT_TRUE(rc::check([] {
    const auto text = *rc::gen::container<std::string>(rc::gen::elementOf(std::string("ab0._-/A")));
    RC_ASSERT(IsRepositoryName(text) == std::regex_match(text, kName));
    RC_ASSERT(IsTag(text) == std::regex_match(text, kTag));
  }));
}

TEST(ImageReference, AsPeopleWriteThem) {
  struct Row {
    std::string text;
    std::string registry;
    std::string repository;
    std::string tag;
    bool digest;
    std::string printed;
  };
  const Row rows[] = {
      {"alpine", "docker.io", "library/alpine", "", false, "library/alpine"},
      {"alpine:3", "docker.io", "library/alpine", "3", false, "library/alpine:3"},
      {"joakimp/devbox:v1", "docker.io", "joakimp/devbox", "v1", false, "joakimp/devbox:v1"},
      {"docker.io/joakimp/devbox", "docker.io", "joakimp/devbox", "", false, "joakimp/devbox"},
      {"localhost/a", "localhost", "a", "", false, "localhost/a"},
      {"localhost:5000/a/b:t", "localhost:5000", "a/b", "t", false, "localhost:5000/a/b:t"},
      {"ghcr.io/a/b@" + kDigest, "ghcr.io", "a/b", "", true, "ghcr.io/a/b@" + kDigest},
      {"ghcr.io/a/b:t@" + kDigest, "ghcr.io", "a/b", "t", true, "ghcr.io/a/b:t@" + kDigest},
      {"[::1]:5000/a", "[::1]:5000", "a", "", false, "[::1]:5000/a"},
      {"HOST/a", "HOST", "a", "", false, "HOST/a"},
  };
  for (const Row& row : rows) {
    const auto parsed = ImageReference::Parse(row.text);
    ASSERT_TRUE(parsed.ok()) << row.text << ": " << parsed.error().message();
    EXPECT_EQ(parsed->registry, row.registry) << row.text;
    EXPECT_EQ(parsed->repository, row.repository) << row.text;
    EXPECT_EQ(parsed->tag.value_or(""), row.tag) << row.text;
    EXPECT_EQ(parsed->digest.has_value(), row.digest) << row.text;
    EXPECT_EQ(parsed->ToString(), row.printed);
    EXPECT_EQ(*ImageReference::Parse(parsed->ToString()), *parsed) << row.printed;
    EXPECT_EQ(*ImageReference::Parse(parsed->Qualified()), *parsed) << row.text;
    EXPECT_TRUE(parsed->Qualified().starts_with(row.registry + "/")) << parsed->Qualified();
  }
}

TEST(ImageReference, RefusesAndShowsThePiece) {
  for (const std::string& text :
       {std::string(""), std::string("a:"), std::string("a:b:c"), std::string("a/B"),
        std::string("a@"), std::string("a@sha256:ab"), std::string("UPPER"), std::string("a//b"),
        std::string("host.tld/"), std::string("ho st.tld/a"), std::string("a/b:t/c"),
        std::string(":t"), "@" + kDigest, Concat({"a@", kDigest, "@", kDigest})}) {
    const auto parsed = ImageReference::Parse(text);
    ASSERT_FALSE(parsed.ok()) << text << " gave " << parsed->ToString();
    EXPECT_EQ(parsed.error().code(), ErrorCode::kInvalid);
    EXPECT_EQ(parsed.error().message().rfind("image reference", 0), 0u);
  }
}

TEST(ImageReference, WhatParsesPrintsAndParsesAgain) {
  EXPECT_TRUE(rc::check([] {
    const auto text =
        *rc::gen::container<std::string>(rc::gen::elementOf(std::string("ab0._-/:@A5")));
    const auto parsed = ImageReference::Parse(text);
    if (parsed.ok()) {
      RC_ASSERT(IsRepositoryName(parsed->repository));
      const auto again = ImageReference::Parse(parsed->ToString());
      RC_ASSERT(again.ok());
      RC_ASSERT(*again == *parsed);
    }
  }));
}

}  // namespace
}  // namespace drydock
