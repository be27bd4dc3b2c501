#include "simulator/server/response_head.h"

#include <algorithm>
#include <optional>

#include "core/text.h"

namespace drydock::simulator {
namespace {

bool HasNoBody(const HttpHead& request, int status) {
  return request.method == "HEAD" || status < 200 || status == 204 || status == 304;
}

void AppendClean(std::string& head, std::string_view text) {
  const std::size_t begin = head.size();
  head += text;
  std::replace_if(
      head.begin() + static_cast<std::ptrdiff_t>(begin), head.end(),
      [](char c) { return (c >= 0 && c < ' ' && c != '\t') || c == '\x7f'; }, ' ');
}

void AppendField(std::string& head, std::string_view name, std::string_view value) {
  AppendClean(head, name);
  head += ": ";
  AppendClean(head, value);
  head += "\r\n";
}

}  // namespace

WirePlan PlanResponse(const HttpHead& request, const Response& response, bool close) {
  WirePlan plan;
  plan.close = close || EqualsIgnoringCase(response.headers.Get("Connection"), "close");
  plan.head = Concat({"HTTP/1.1 ", std::to_string(response.status), " "});
  AppendClean(plan.head, response.reason.empty() ? ReasonPhrase(response.status) : response.reason);
  plan.head += "\r\n";
  for (const auto& [name, value] : response.headers) {
    AppendField(plan.head, name, value);
  }

  if (!HasNoBody(request, response.status)) {
    const std::string* announced = response.headers.Find("Content-Length");
    const std::optional<std::uint64_t> length = response.body.length();
    const bool chunked = !announced && request.minor_version > 0;
    plan.body = chunked ? WirePlan::Body::kChunked : WirePlan::Body::kPlain;
    if (chunked && !response.headers.Has("Transfer-Encoding")) {
      AppendField(plan.head, "Transfer-Encoding", "chunked");
    }
    const bool ends_itself =
        chunked || (announced && length && *announced == std::to_string(*length));
    plan.close = plan.close || !ends_itself;
  }
  if (plan.close && !response.headers.Has("Connection")) {
    AppendField(plan.head, "Connection", "close");
  } else if (!plan.close && request.minor_version == 0) {
    AppendField(plan.head, "Connection", "keep-alive");
  }
  plan.head += "\r\n";
  return plan;
}

}  // namespace drydock::simulator
