#include "publisher/release/hub_page.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "core/json.h"
#include "core/text.h"
#include "publisher/registry/authenticator.h"

namespace drydock::publisher {
namespace {

constexpr std::size_t kHubAnswerMax = std::size_t{1} << 20;
constexpr Duration kHubDeadline = std::chrono::seconds(60);

std::size_t Characters(std::string_view text) {
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xC0) != 0x80; }));
}

bool IsSame(const json::Value& shown, std::string_view member, std::string_view wanted) {
  // The Hub cuts blanks at both ends.
  return Trim(shown.Text(member)) == Trim(wanted);
}

}  // namespace

Status CheckHubPage(const HubPage& page) {
  const auto parts = Split(page.repository, '/');
  if (parts.size() != 2 || parts[0].empty() || parts[1].empty()) {
    return Error(ErrorCode::kInvalid,
                 Concat({"Hub page: expected NAMESPACE/NAME, found: ", page.repository}));
  }
  const std::size_t characters = Characters(page.full);
  if (characters > kFullDescriptionMax) {
    return Error(ErrorCode::kInvalid,
                 Concat({"full description: ", std::to_string(characters),
                         " characters; the Hub takes ", std::to_string(kFullDescriptionMax),
                         ": shorten it by ", std::to_string(characters - kFullDescriptionMax)}));
  }
  const std::size_t bytes = page.short_description ? page.short_description->size() : 0;
  if (bytes > kShortDescriptionMax) {
    return Error(ErrorCode::kInvalid,
                 Concat({"short description: ", std::to_string(bytes), " bytes; the Hub takes ",
                         std::to_string(kShortDescriptionMax), ": shorten it by ",
                         std::to_string(bytes - kShortDescriptionMax)}));
  }
  return Ok{};
}

HubPageClient::HubPageClient(Transport& transport, Clock& clock, Rng rng, Journal& journal,
                             Url origin)
    : transport_(transport),
      clock_(clock),
      retrier_(clock, journal, rng.Fork("hub page"), "host"),
      origin_(std::move(origin)) {}

// Without its last slash the address is redirected, and what follows is no PATCH any more.
Url HubPageClient::PageOf(const HubPage& page) const {
  Url url = origin_;
  url.path = Concat({"/v2/repositories/", page.repository, "/"});
  return url;
}

Outcome<bool> HubPageClient::Update(const HubPage& page, const Credential& login) {
  if (const Status fits = CheckHubPage(page); !fits) {
    return LocalFailure(fits.error().message());
  }
  const auto authorization = LogIn(login);
  if (!authorization) {
    return authorization.failure();
  }
  const auto before = Says(page, authorization.value());
  if (!before || before.value()) {
    return before ? Outcome<bool>(false) : before;
  }
  // The same text twice is no harm: a PATCH whose answer was lost may be sent again.
  const auto patched =
      retrier_.RunWithRetry(RetryBudget(), Concat({"update the Hub page of ", page.repository}),
                            [&](int) { return Patch(page, authorization.value()); });
  if (!patched) {
    return patched.failure();
  }
  auto after = Says(page, authorization.value());
  if (!after) {
    return after;
  }
  if (!after.value()) {
    return LocalFailure(Concat({PageOf(page).ToString(), ": the Hub accepted the change, but the ",
                                "page does not show it"}),
                        "Look at the page in some minutes, then run this again.");
  }
  return true;
}

Outcome<std::string> HubPageClient::LogIn(const Credential& login) {
  Url url = origin_;
  url.path = "/v2/users/login/";
  nlohmann::ordered_json body;
  body["username"] = login.username;
  body["password"] = login.secret;
  const std::string text = body.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  return retrier_.RunWithRetry(
      RetryBudget(), "log in to the Hub", [&](int) -> Outcome<std::string> {
        const auto asked = Ask("POST", url, text, "");
        if (!asked) {
          return asked.failure();
        }
        const auto answer = json::Parse(asked->body, "login");
        if (asked->status != 200 || !answer || answer->Text("token").empty()) {
          Failure refused = ClassifyTokenAnswer(asked.value(), clock_.Now());
          if (refused.status == 401) {
            refused.advice = "The Hub's API wants the account's password or an access token.";
          }
          return refused;
        }
        return Concat({"JWT ", answer->Text("token")});
      });
}

Outcome<bool> HubPageClient::Says(const HubPage& page, const std::string& authorization) {
  return retrier_.RunWithRetry(
      RetryBudget(), Concat({"read the Hub page of ", page.repository}), [&](int) -> Outcome<bool> {
        const auto asked = Ask("GET", PageOf(page), "", authorization);
        if (!asked) {
          return asked.failure();
        }
        const auto shown = json::Parse(asked->body, "page");
        if (asked->status != 200 || !shown) {
          return ClassifyAnswer(asked.value(), clock_.Now());
        }
        return IsSame(*shown, "full_description", page.full) &&
               (!page.short_description || IsSame(*shown, "description", *page.short_description));
      });
}

Outcome<Ok> HubPageClient::Patch(const HubPage& page, const std::string& authorization) {
  nlohmann::ordered_json body;
  body["full_description"] = page.full;
  if (page.short_description) {
    body["description"] = *page.short_description;
  }
  const auto asked =
      Ask("PATCH", PageOf(page),
          body.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace), authorization);
  if (!asked) {
    return asked.failure();
  }
  if (asked->status == 200) {
    return Ok{};
  }
  if (asked->status >= 300 && asked->status < 400) {
    return LocalFailure(
        Concat({PageOf(page).ToString(), ": the Hub redirects the change to ",
                asked->headers.Get("Location"), ", where it would be lost and answered with 200"}),
        "The Hub's address has changed; nothing was sent there.");
  }
  Failure failure = ClassifyAnswer(asked.value(), clock_.Now());
  const auto said = json::Parse(asked->body, "answer");
  if (asked->status == 403 && said && !said->Text("message").empty()) {
    // The Hub's own words and no registry's: who blocks in between would send a page.
    failure.answerer = Answerer::kRegistry;
    failure.persistence = Persistence::kDeterministic;
    failure.next = NextMove::kStop;
    failure.words = said->Text("message");
    failure.advice = "The Hub's API wants a token that may read, write and delete.";
  }
  return failure;
}

Outcome<AnswerSeen> HubPageClient::Ask(std::string_view method, const Url& url,
                                       const std::string& body, const std::string& authorization) {
  Request request;
  request.method = std::string(method);
  request.url = url;
  request.headers.Add("Accept", "application/json");
  request.headers.Add("User-Agent", kUserAgent);
  if (!authorization.empty()) {
    request.headers.Add("Authorization", authorization);
  }
  if (!body.empty()) {
    request.headers.Add("Content-Type", "application/json");
    request.body = Body::FromString(body);
  }
  auto response = transport_.Send(std::move(request), clock_.Elapsed() + kHubDeadline);
  if (!response) {
    return ClassifyLoss(method, url.ToString(), response.error());
  }
  auto text = ReadAll(response->body, kHubAnswerMax);
  if (!text) {
    return ClassifyLoss(method, url.ToString(), text.error());
  }
  return AnswerSeen{std::string(method), url.ToString(), response->status,
                    std::move(response->headers), std::move(*text)};
}

}  // namespace drydock::publisher
