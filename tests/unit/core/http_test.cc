#include "core/http.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <array>
#include <memory>
#include <string>

namespace drydock {
namespace {

TEST(Headers, NamesIgnoreCaseAndKeepTheirOrder) {
  Headers headers = {{"Accept", "a"}, {"Host", "h"}};
  headers.Add("accept", "b");
  EXPECT_EQ(headers.Get("ACCEPT"), "a");
  EXPECT_EQ(headers.All("Accept"), (std::vector<std::string>{"a", "b"}));
  EXPECT_TRUE(headers.Has("hOST"));
  EXPECT_FALSE(headers.Has("Hos"));
  EXPECT_EQ(headers.Find("Range"), nullptr);
  EXPECT_EQ(headers.Get("Range"), "");
  headers.Set("ACCEPT", "c");
  EXPECT_EQ(headers.fields(), (std::vector<Headers::Field>{{"Accept", "c"}, {"Host", "h"}}));
  headers.Set("Range", "r");
  headers.Remove("host");
  EXPECT_EQ(headers.fields(), (std::vector<Headers::Field>{{"Accept", "c"}, {"Range", "r"}}));
  EXPECT_EQ(std::distance(headers.begin(), headers.end()), 2);
}

TEST(Body, ReadsInPieces) {
  Body body = Body::FromString("0123456789");
  EXPECT_EQ(body.length(), 10u);
  std::array<char, 4> buffer{};
  std::string all;
  for (;;) {
    const auto size = body.Read(buffer);
    ASSERT_TRUE(size.ok());
    if (*size == 0) {
      break;
    }
    all.append(buffer.data(), *size);
  }
  EXPECT_EQ(all, "0123456789");
  EXPECT_EQ(*body.Read(buffer), 0u);
}

TEST(Body, OfNothing) {
  Body body;
  EXPECT_EQ(body.length(), 0u);
  EXPECT_EQ(*ReadAll(body, 0), "");
}

TEST(Body, SharesAndClamps) {
  const auto shared = std::make_shared<const std::string>("0123456789");
  struct Row {
    std::size_t offset;
    std::size_t length;
    const char* text;
  };
  const Row rows[] = {{0, 10, "0123456789"}, {3, 4, "3456"}, {8, 100, "89"},
                      {10, 1, ""},           {99, 1, ""},    {2, 0, ""}};
  for (const Row& row : rows) {
    Body body = Body::FromShared(shared, row.offset, row.length);
    EXPECT_EQ(body.length(), std::string_view(row.text).size());
    EXPECT_EQ(*ReadAll(body, 100), row.text);
  }
}

TEST(Body, ReadAllHasALimit) {
  Body fits = Body::FromString("0123");
  EXPECT_EQ(*ReadAll(fits, 4), "0123");
  Body longer = Body::FromString("01234");
  EXPECT_EQ(ReadAll(longer, 4).error().code(), ErrorCode::kInvalid);
}

TEST(Body, ReadAllPassesErrorsOn) {
  class Broken : public BodyReader {
    Result<std::size_t> Read(std::span<char> /*into*/) override {
      return Error(ErrorCode::kAmbiguous, "peer went away");
    }
  };
  Body body = Body::FromReader(std::make_unique<Broken>(), std::nullopt);
  EXPECT_EQ(body.length(), std::nullopt);
  EXPECT_EQ(ReadAll(body, 4).error().code(), ErrorCode::kAmbiguous);
}

TEST(Url, SplitsWhatIsWritten) {
  struct Row {
    const char* text;
    Url url;
  };
  const Row rows[] = {
      {"https://h", {"https", "h", "/", ""}},
      {"http://127.0.0.1:5000/v2/", {"http", "127.0.0.1:5000", "/v2/", ""}},
      {"HTTPS://h/a%2Fb?x=1&y=2#part", {"https", "h", "/a%2Fb", "x=1&y=2"}},
      {"https://h?x=1", {"https", "h", "/", "x=1"}},
      {"https://h/?", {"https", "h", "/", ""}},
      {"https://[::1]:5000/v2/", {"https", "[::1]:5000", "/v2/", ""}},
  };
  for (const Row& row : rows) {
    const auto url = Url::Parse(row.text);
    ASSERT_TRUE(url.ok()) << row.text;
    EXPECT_EQ(*url, row.url) << row.text;
  }
  for (const char* text : {"", "h/path", "ftp://h/", "https://", "https:///x", "https://user@h/",
                           "https://h/a b", "https://h/a\nb", "//h/x", "https//h"}) {
    EXPECT_EQ(Url::Parse(text).error().code(), ErrorCode::kInvalid) << text;
  }
}

// RFC 3986 section 5.4, without fragments and path parameters; Location forms from incident
// relative-location-forms.
TEST(Url, ResolvesReferences) {
  const Url base = *Url::Parse("http://a/b/c/d;p?q");
  const std::pair<const char*, const char*> rows[] = {
      {"g", "http://a/b/c/g"},
      {"./g", "http://a/b/c/g"},
      {"g/", "http://a/b/c/g/"},
      {"/g", "http://a/g"},
      {"//g", "http://g/"},
      {"?y", "http://a/b/c/d;p?y"},
      {"g?y", "http://a/b/c/g?y"},
      {"", "http://a/b/c/d;p?q"},
      {"#s", "http://a/b/c/d;p?q"},
      {".", "http://a/b/c/"},
      {"./", "http://a/b/c/"},
      {"..", "http://a/b/"},
      {"../g", "http://a/b/g"},
      {"../..", "http://a/"},
      {"../../g", "http://a/g"},
      {"../../../g", "http://a/g"},
      {"/./g", "http://a/g"},
      {"/../g", "http://a/g"},
      {"g.", "http://a/b/c/g."},
      {"..g", "http://a/b/c/..g"},
      {"./../g", "http://a/b/g"},
      {"g/./h", "http://a/b/c/g/h"},
      {"g/../h", "http://a/b/c/h"},
      {"https://other:1/x?y=z", "https://other:1/x?y=z"},
      {"/v2/r/blobs/uploads/1?_state=a://b", "http://a/v2/r/blobs/uploads/1?_state=a://b"},
  };
  for (const auto& [reference, expected] : rows) {
    const auto resolved = base.Resolve(reference);
    ASSERT_TRUE(resolved.ok()) << reference;
    EXPECT_EQ(resolved->ToString(), expected) << reference;
  }
  for (const char* bad : {"ftp://h/x", "/a b", "http://", "//"}) {
    EXPECT_FALSE(base.Resolve(bad).ok()) << bad;
  }
}

TEST(Url, QueryValuesAreDecoded) {
  const Url url =
      *Url::Parse("https://h/?digest=sha256%3Aab&x=a+b&empty=&flag&x=2&n%61me=v&plus=%2B");
  EXPECT_EQ(url.QueryValue("digest"), "sha256:ab");
  EXPECT_EQ(url.QueryValue("x"), "a b");
  EXPECT_EQ(url.QueryValue("empty"), "");
  EXPECT_EQ(url.QueryValue("flag"), "");
  EXPECT_EQ(url.QueryValue("name"), "v");
  EXPECT_EQ(url.QueryValue("plus"), "+");
  EXPECT_EQ(url.QueryValue("none"), std::nullopt);
  EXPECT_EQ(Url{}.QueryValue("none"), std::nullopt);
}

TEST(Url, AddQueryKeepsDigestsReadable) {
  Url url = *Url::Parse("https://h/uploads/1?_state=abc");
  url.AddQuery("digest", "sha256:ab");
  url.AddQuery("from", "a/b c");
  EXPECT_EQ(url.ToString(), "https://h/uploads/1?_state=abc&digest=sha256:ab&from=a/b%20c");
  EXPECT_EQ(url.Target(), "/uploads/1?_state=abc&digest=sha256:ab&from=a/b%20c");
  EXPECT_EQ(url.Origin(), "https://h");
}

TEST(Url, WhatWasAddedIsRead) {
  EXPECT_TRUE(rc::check([](const std::string& name, const std::string& value) {
    RC_PRE(!name.empty());
    Url url = *Url::Parse("https://h/");
    url.AddQuery(name, value);
    RC_ASSERT(url.QueryValue(name) == value);
    const auto again = Url::Parse(url.ToString());
    RC_ASSERT(again.ok());
    RC_ASSERT(*again == url);
  }));
}

TEST(Url, ParseOfAnythingNeitherCrashesNorLies) {
  EXPECT_TRUE(rc::check([](const std::string& tail) {
    const auto url = Url::Parse("https://h" + tail);
    if (url.ok()) {
      RC_ASSERT(*Url::Parse(url->ToString()) == *url);
      RC_ASSERT(url->path.substr(0, 1) == "/");
      const auto resolved = url->Resolve(tail);
      RC_ASSERT(!resolved.ok() || resolved->path.substr(0, 1) == "/");
    }
  }));
}

TEST(ReasonPhrase, OfRegisteredStatuses) {
  EXPECT_EQ(ReasonPhrase(201), "Created");
  EXPECT_EQ(ReasonPhrase(400), "Bad Request");
  EXPECT_EQ(ReasonPhrase(429), "Too Many Requests");
  EXPECT_EQ(ReasonPhrase(599), "");
}

}  // namespace
}  // namespace drydock
