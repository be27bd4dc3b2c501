#include "simulator/registry/range.h"

#include <gtest/gtest.h>

#include <string_view>
#include <vector>

namespace drydock::simulator {
namespace {

struct RangeRow {
  std::string_view header;
  std::uint64_t size;
  RangeKind kind;
  std::vector<ByteRange> parts = {};
};

const std::vector<RangeRow> kRangeRows = {
    {"", 10, RangeKind::kWhole},
    {"bytes=0-4", 10, RangeKind::kParts, {{0, 4}}},
    {"Bytes=0-4", 10, RangeKind::kParts, {{0, 4}}},
    {"bytes=0-0", 10, RangeKind::kParts, {{0, 0}}},
    {"bytes=3-", 10, RangeKind::kParts, {{3, 9}}},
    {"bytes=9-9", 10, RangeKind::kParts, {{9, 9}}},
    {"bytes=5-99", 10, RangeKind::kParts, {{5, 9}}},
    {"bytes=5-99999999999999999999999", 10, RangeKind::kParts, {{5, 9}}},
    {"bytes=-4", 10, RangeKind::kParts, {{6, 9}}},
    {"bytes=-99", 10, RangeKind::kParts, {{0, 9}}},
    {"bytes=-0", 10, RangeKind::kUnsatisfiable},
    {"bytes=-1", 0, RangeKind::kUnsatisfiable},
    {"bytes=0-", 0, RangeKind::kUnsatisfiable},
    {"bytes=10-", 10, RangeKind::kUnsatisfiable},
    {"bytes=10-12", 10, RangeKind::kUnsatisfiable},
    {"bytes=99999999999999999999999-", 10, RangeKind::kUnsatisfiable},
    {"bytes=500-0", 1000, RangeKind::kUnsatisfiable},
    {"bytes=0-1,3-4", 10, RangeKind::kParts, {{0, 1}, {3, 4}}},
    {"bytes= 0-1 , 3-4 ", 10, RangeKind::kParts, {{0, 1}, {3, 4}}},
    {"bytes=8-,0-1", 10, RangeKind::kParts, {{8, 9}, {0, 1}}},
    {"bytes=0-1,-2", 10, RangeKind::kParts, {{0, 1}, {8, 9}}},
    {"bytes=0-1,20-30", 10, RangeKind::kParts, {{0, 1}}},
    {"bytes=20-30,40-", 10, RangeKind::kUnsatisfiable},
    {"bytes=0-5,5-6", 10, RangeKind::kWhole},
    {"bytes=0-1,", 10, RangeKind::kWhole},
    {"bytes=0-1,x", 10, RangeKind::kWhole},
    {"bytes=0-0,2-2,4-4,6-6,8-8,10-10,12-12,14-14,16-16,18-18,20-20,22-22,24-24,26-26,28-28,30-30",
     40,
     RangeKind::kParts,
     {{0, 0},
      {2, 2},
      {4, 4},
      {6, 6},
      {8, 8},
      {10, 10},
      {12, 12},
      {14, 14},
      {16, 16},
      {18, 18},
      {20, 20},
      {22, 22},
      {24, 24},
      {26, 26},
      {28, 28},
      {30, 30}}},
    {"bytes=0-0,2-2,4-4,6-6,8-8,10-10,12-12,14-14,16-16,18-18,20-20,22-22,24-24,26-26,28-28,30-30,"
     "32-32",
     40, RangeKind::kWhole},
    {"lines=0-4", 10, RangeKind::kWhole},
    {"bytes=", 10, RangeKind::kWhole},
    {"bytes=-", 10, RangeKind::kWhole},
    {"bytes=a-4", 10, RangeKind::kWhole},
    {"bytes=1-b", 10, RangeKind::kWhole},
    {"bytes=1--4", 10, RangeKind::kWhole},
    {"bytes", 10, RangeKind::kWhole},
};

TEST(ReadRange, EveryRow) {
  for (const RangeRow& row : kRangeRows) {
    SCOPED_TRACE(row.header);
    const RangeAnswer answer = ReadRange(row.header, row.size);
    EXPECT_EQ(static_cast<int>(answer.kind), static_cast<int>(row.kind));
    EXPECT_EQ(answer.parts, row.parts);
  }
}

struct ContentRangeRow {
  std::string_view header;
  std::optional<ByteRange> range;
};

const std::vector<ContentRangeRow> kContentRangeRows = {
    {"0-0", ByteRange{0, 0}},
    {"0-1048575", ByteRange{0, 1048575}},
    {"7-9", ByteRange{7, 9}},
    {"0-18446744073709551614", ByteRange{0, 18446744073709551614U}},
    {"0-18446744073709551615", std::nullopt},
    {"0-18446744073709551616", std::nullopt},
    {"9-7", std::nullopt},
    {"", std::nullopt},
    {"-", std::nullopt},
    {"5", std::nullopt},
    {"5-", std::nullopt},
    {"-5", std::nullopt},
    {"0-5 ", std::nullopt},
    {"bytes 0-5/6", std::nullopt},
    {"bytes=0-5", std::nullopt},
    {"0-5/6", std::nullopt},
    {"0x0-5", std::nullopt},
    {"+0-5", std::nullopt},
    {"1-2-3", std::nullopt},
};

TEST(ParseContentRange, EveryRow) {
  for (const ContentRangeRow& row : kContentRangeRows) {
    SCOPED_TRACE(row.header);
    EXPECT_EQ(ParseContentRange(row.header), row.range);
  }
}

}  // namespace
}  // namespace drydock::simulator
