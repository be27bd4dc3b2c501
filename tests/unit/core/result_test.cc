#include "core/result.h"

#include <gtest/gtest.h>

#include <memory>
#include <set>
#include <string>
#include <variant>

namespace drydock {
namespace {

TEST(Result, HoldsAValueOrAnError) {
  Result<int> value = 7;
  EXPECT_TRUE(value.ok());
  EXPECT_TRUE(static_cast<bool>(value));
  EXPECT_EQ(*value, 7);
  Result<int> error = Error(ErrorCode::kNotFound, "file: not there: x");
  EXPECT_FALSE(error.ok());
  EXPECT_EQ(error.error().code(), ErrorCode::kNotFound);
  EXPECT_EQ(error.error().message(), "file: not there: x");
}

TEST(Result, GivesItsValueAway) {
  Result<std::unique_ptr<std::string>> held = std::make_unique<std::string>("text");
  EXPECT_EQ((*held)->size(), 4u);
  EXPECT_EQ(held->get()->size(), 4u);
  const std::unique_ptr<std::string> taken = *std::move(held);
  EXPECT_EQ(*taken, "text");
}

// Nothing of ours catches it, so in a program it aborts.
TEST(Result, ReadingTheWrongSideThrows) {
  const Result<int> error = Error(ErrorCode::kInternal, "x");
  const Result<int> value = 1;
  EXPECT_THROW((void)*error, std::bad_variant_access);
  EXPECT_THROW((void)value.error(), std::bad_variant_access);
}

TEST(Error, AtPutsThePlaceInFront) {
  const Error inner(ErrorCode::kTimeout, "deadline passed: 5s");
  const Error outer = inner.At("hub");
  EXPECT_EQ(outer.message(), "hub: deadline passed: 5s");
  EXPECT_EQ(outer.code(), ErrorCode::kTimeout);
  EXPECT_EQ(inner.message(), "deadline passed: 5s");
}

TEST(Error, EveryCodeHasANameOfItsOwn) {
  const ErrorCode codes[] = {ErrorCode::kInvalid,   ErrorCode::kNotFound,    ErrorCode::kConflict,
                             ErrorCode::kDenied,    ErrorCode::kUnavailable, ErrorCode::kTimeout,
                             ErrorCode::kAmbiguous, ErrorCode::kCancelled,   ErrorCode::kInternal};
  std::set<std::string_view> names;
  for (const ErrorCode code : codes) {
    names.insert(Name(code));
  }
  EXPECT_EQ(names.size(), std::size(codes));
  EXPECT_EQ(Name(ErrorCode::kNotFound), "not-found");
}

}  // namespace
}  // namespace drydock
