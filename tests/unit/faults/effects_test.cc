// Effects on answers alone.
#include "simulator/faults/effects.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "core/digest.h"
#include "tests/unit/faults/seen.h"

namespace drydock::simulator {
namespace {

TEST(Effects, RepliesFillInTheirPlaceholders) {
  Reply reply;
  reply.status = 201;
  reply.headers = {{"Location", "{origin}/v2/{repository}/manifests/{digest}"},
                   {"X", "{reference}"}};
  reply.body = "{repository}:{reference}";
  Seen put;
  Response response = put.With([&](const Sight& sight) { return Render(reply, sight); });
  EXPECT_EQ(response.status, 201);
  EXPECT_EQ(response.headers.Get("Location"),
            "https://registry-1.docker.io/v2/joakimp/devbox/manifests/" +
                Digest::Of(put.manifest).ToString());
  EXPECT_EQ(response.headers.Get("X"), "v1");
  EXPECT_EQ(*ReadAll(response.body, 100), "joakimp/devbox:v1");
  reply.body = "{digest}";
  response = BlobCommit().With([&](const Sight& sight) { return Render(reply, sight); });
  EXPECT_EQ(*ReadAll(response.body, 100), kDigest);
}

TEST(Effects, EditsSayWhetherAnythingChanged) {
  const Headers genuine = {{"Location", "https://h/v2/x?a=b"}, {"Range", "0-9"}};
  struct Row {
    EditReply edit;
    bool changed;
    int status;
    Headers headers;
  };
  const auto edit = [](std::vector<std::string> drop, Headers set, Headers add) {
    return EditReply{std::nullopt, std::nullopt, std::move(drop), std::move(set), std::move(add)};
  };
  const Row rows[] = {
      {edit({"range"}, {}, {}), true, 202, {{"Location", "https://h/v2/x?a=b"}}},
      {edit({"Link"}, {}, {}), false, 202, genuine},
      {edit({}, {{"Range", "0-9"}}, {}), false, 202, genuine},
      {edit({}, {{"Location", "{value-path}"}}, {}),
       true,
       202,
       {{"Location", "/v2/x?a=b"}, {"Range", "0-9"}}},
      {edit({"Range"}, {{"Range", "bytes={value}"}}, {}),
       true,
       202,
       {{"Location", "https://h/v2/x?a=b"}, {"Range", "bytes=0-9"}}},
      {edit({}, {}, {{"Range", "{value-path}"}}),
       true,
       202,
       {{"Location", "https://h/v2/x?a=b"}, {"Range", "0-9"}, {"Range", "0-9"}}},
      {EditReply{200, std::nullopt, {}, {}, {}}, true, 200, genuine},
      {EditReply{202, std::nullopt, {}, {}, {}}, false, 202, genuine},
      {EditReply{std::nullopt, "ACCEPTED", {}, {}, {}}, true, 202, genuine},
  };
  for (const Row& row : rows) {
    Response response;
    response.status = 202;
    response.reason = "Accepted";
    response.headers = genuine;
    const bool changed =
        Seen().With([&](const Sight& sight) { return Apply(row.edit, sight, response); });
    EXPECT_EQ(changed, row.changed);
    EXPECT_EQ(response.status, row.status);
    EXPECT_EQ(response.headers.fields(), row.headers.fields());
  }
}

TEST(Effects, PagesAreKnownByName) {
  EXPECT_FALSE(Page("apache", 400).has_value());
  for (const std::string& name : PageNames()) {
    const auto page = Page(name, 503);
    ASSERT_TRUE(page.has_value()) << name;
    EXPECT_EQ(page->status, 503);
    EXPECT_EQ(page->reason, "Service Unavailable");
    EXPECT_NE(page->body.find("503 Service Unavailable"), std::string::npos) << page->body;
  }
}

}  // namespace
}  // namespace drydock::simulator
