// Effects at a byte of an upload session, whichever request brings it.
#include <gtest/gtest.h>

#include <string>

#include "tests/unit/world/small_hub.h"

namespace drydock::simulator {
namespace {

std::string Rule(std::string_view effect, int bytes) {
  return Concat({R"({"name": "r", "when": {"operation": "upload.patch"}, "do": {)", effect,
                 R"(, "at": "session-body", "after-bytes": )", std::to_string(bytes), "}}"});
}

// Sends "0123456789" in pieces of 4, 4 and 2 bytes; gives the statuses and what the session holds.
std::string Told(SmallHub& hub) {
  std::string told;
  std::string path = hub.Open();
  for (const std::string piece : {"0123", "4567", "89"}) {
    const Response answer = hub.Ask("PATCH", path, piece);
    told += std::to_string(answer.status) + " ";
    if (answer.status != 202) {
      break;
    }
    path = SmallHub::Path(answer);
  }
  const std::string range(hub.Ask("GET", path).headers.Get("Range"));
  return told + range;
}

TEST(SessionBytesTest, ACutComesInWhicheverRequestHasTheByte) {
  const std::pair<int, const char*> rows[] = {{0, "0 0-0"},         {3, "0 0-2"},
                                              {4, "0 0-3"},         {6, "202 0 0-5"},
                                              {9, "202 202 0 0-8"}, {11, "202 202 202 0-9"}};
  for (const auto& [bytes, told] : rows) {
    SmallHub hub(Rule(R"("cut": "rst")", bytes));
    EXPECT_EQ(Told(hub), told) << bytes;
    EXPECT_EQ(hub.Count().fired, bytes > 10 ? 0u : 1u) << bytes;
    EXPECT_EQ(hub.Count().seen, hub.Count().fired) << bytes;
  }
}

TEST(SessionBytesTest, AnEarlyAnswerToo) {
  SmallHub hub(Rule(R"("early-reply": {"status": 413})", 6));
  EXPECT_EQ(Told(hub), "202 413 0-5");
}

TEST(SessionBytesTest, SessionsAreCountedByThemselves) {
  SmallHub hub(Rule(R"("cut": "rst")", 6));
  EXPECT_EQ(Told(hub), "202 0 0-5");
  EXPECT_EQ(Told(hub), "202 0 0-5");
}

}  // namespace
}  // namespace drydock::simulator
