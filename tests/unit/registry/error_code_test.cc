#include "simulator/registry/error_code.h"

#include <gtest/gtest.h>

#include <map>
#include <set>
#include <string>

#include "core/json.h"

namespace drydock::simulator {
namespace {

// What the specification and incidents.md say, written down a second time.
const std::map<std::string, std::set<int>> kStatuses = {
    {"BLOB_UNKNOWN", {404}},
    {"BLOB_UPLOAD_INVALID", {400, 404}},
    {"BLOB_UPLOAD_UNKNOWN", {404}},
    {"DIGEST_INVALID", {400}},
    {"MANIFEST_BLOB_UNKNOWN", {400}},
    {"MANIFEST_INVALID", {400}},
    {"MANIFEST_UNKNOWN", {404}},
    {"NAME_INVALID", {400}},
    {"NAME_UNKNOWN", {404}},
    {"SIZE_INVALID", {400, 413}},
    {"UNAUTHORIZED", {401}},
    {"DENIED", {403}},
    {"UNSUPPORTED", {405, 415}},
    {"TOOMANYREQUESTS", {429}},
    {"TAG_INVALID", {400, 414}},
    {"RANGE_INVALID", {416}},
    {"PAGINATION_NUMBER_INVALID", {400}},
    {"UNKNOWN", {500}},
};

TEST(ErrorCode, RowsStandInTheOrderOfTheEnumeration) {
  std::size_t index = 0;
  for (const ErrorRow& row : ErrorRows()) {
    EXPECT_EQ(static_cast<std::size_t>(row.code), index++) << row.name;
    EXPECT_EQ(&RowOf(row.code), &row);
  }
}

TEST(ErrorCode, NamesAndStatusesAreThoseOfTheSpecification) {
  std::map<std::string, std::set<int>> found;
  for (const ErrorRow& row : ErrorRows()) {
    found[std::string(row.name)].insert(row.status);
    EXPECT_FALSE(row.message.empty()) << row.name;
    EXPECT_FALSE(row.spec.empty()) << row.name;
  }
  EXPECT_EQ(found, kStatuses);
}

TEST(ErrorCode, TheFourteenCodesOfTheSpecificationAreNumbered) {
  std::set<std::string> numbers;
  for (const ErrorRow& row : ErrorRows()) {
    if (row.spec.substr(0, 5) == "code-") {
      numbers.insert(std::string(row.spec));
    }
  }
  EXPECT_EQ(numbers.size(), 14U);
}

json::Value BodyOf(Response response) {
  const auto text = ReadAll(response.body, 4096);
  return json::Parse(text.value(), "body").value();
}

TEST(Refusal, EveryRowMakesAWellFormedAnswer) {
  for (const ErrorRow& row : ErrorRows()) {
    SCOPED_TRACE(row.name);
    Response response = Refusal({row.code, "digest", "sha256:0"});
    EXPECT_EQ(response.status, row.status);
    EXPECT_EQ(response.headers.Get("Content-Type"), "application/json; charset=utf-8");
    const json::Value body = BodyOf(std::move(response));
    EXPECT_EQ(*body.At("/errors/0/code")->as_string(), row.name);
    EXPECT_EQ(*body.At("/errors/0/message")->as_string(), row.message);
    EXPECT_EQ(*body.At("/errors/0/detail/digest")->as_string(), "sha256:0");
  }
}

TEST(Refusal, ListsEveryProblemUnderTheFirstStatus) {
  Response response = Refusal(std::vector<Problem>{{ApiCode::kManifestBlobUnknown, "digest", "a"},
                                                   {ApiCode::kBlobUnknown, "digest", "b"}});
  EXPECT_EQ(response.status, 400);
  const json::Value body = BodyOf(std::move(response));
  ASSERT_EQ(body.At("/errors")->as_array()->size(), 2U);
  EXPECT_EQ(*body.At("/errors/1/code")->as_string(), "BLOB_UNKNOWN");
}

TEST(Refusal, WithoutDetailSaysNull) {
  EXPECT_TRUE(BodyOf(Refusal({ApiCode::kDenied})).At("/errors/0/detail")->is_null());
}

TEST(Refusal, QuotesBytesThatAreNoUtf8WithoutBreakingTheJson) {
  const json::Value body = BodyOf(Refusal({ApiCode::kNameInvalid, "name", "a\xff\"b"}));
  EXPECT_EQ(*body.At("/errors/0/detail/name")->as_string(), "a\xEF\xBF\xBD\"b");
}

TEST(Refusal, ShowsItsOwnMessageInsteadOfTheTables) {
  const json::Value body = BodyOf(Refusal({ApiCode::kTooManyRequests, "", "", "slow down"}));
  EXPECT_EQ(*body.At("/errors/0/message")->as_string(), "slow down");
}

}  // namespace
}  // namespace drydock::simulator
