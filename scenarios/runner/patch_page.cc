#include "scenarios/runner/patch_page.h"

#include <nlohmann/json.hpp>
#include <utility>

#include "core/http.h"
#include "core/json.h"
#include "core/text.h"
#include "simulator/neighbours/hub_api.h"

namespace drydock::scenarios {
namespace {

constexpr std::size_t kAnswerMax = std::size_t{1} << 20;

struct Answer {
  int status = 0;  // 0: none
  std::string location;
  std::string body;
};

Result<Answer> Ask(Transport& transport, std::string_view method, const Url& url,
                   const std::string& body, const std::string& authorization) {
  Request request;
  request.method = std::string(method);
  request.url = url;
  request.headers.Add("User-Agent", "curl/7.88.1");
  if (!authorization.empty()) {
    request.headers.Add("Authorization", authorization);
  }
  if (!body.empty()) {
    request.headers.Add("Content-Type", "application/json");
    request.body = Body::FromString(body);
  }
  auto response = transport.Send(std::move(request), kNoDeadline);
  if (!response) {
    return response.error().code() == ErrorCode::kCancelled ? Result<Answer>(response.error())
                                                            : Answer{};
  }
  Answer answer{response->status, std::string(response->headers.Get("Location")), ""};
  if (auto read = ReadAll(response->body, kAnswerMax)) {
    answer.body = std::move(*read);
  }
  return answer;
}

simulator::CommandResult Ended(const Answer& answer) {
  simulator::CommandResult result;
  result.exit_code = answer.status == 200 ? 0 : 1;
  result.log = Concat({"the Hub answered ", std::to_string(answer.status), "\n"});
  if (result.exit_code != 0) {
    result.log += Concat(
        {"ERROR: update-description: ", std::to_string(answer.status), " ", answer.body, "\n"});
  }
  return result;
}

}  // namespace

Result<simulator::CommandResult> PatchPage(Transport& transport, const publisher::Credential& login,
                                           const std::string& url, const std::string& text) {
  const auto page = Url::Parse(url);
  const auto door = Url::Parse(Concat({"https://", simulator::kHubApiHost, "/v2/users/login/"}));
  if (!page || !door) {
    return Ended({});
  }
  const nlohmann::ordered_json who = {{"username", login.username}, {"password", login.secret}};
  const auto granted = Ask(transport, "POST", *door, who.dump(), "");
  if (!granted) {
    return granted.error();
  }
  const auto token = json::Parse(granted->body, "login");
  if (granted->status != 200 || !token) {
    return Ended(*granted);
  }
  const std::string authorization = Concat({"JWT ", token->Text("token")});
  const nlohmann::ordered_json change = {{"full_description", text}};
  auto answer = Ask(transport, "PATCH", *page, change.dump(), authorization);
  if (answer && answer->status == 301) {
    const auto next = page->Resolve(answer->location);
    answer = Ask(transport, "GET", next ? *next : *page, "", authorization);
  }
  return answer ? Result<simulator::CommandResult>(Ended(*answer)) : answer.error();
}

}  // namespace drydock::scenarios
