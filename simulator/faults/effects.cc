#include "simulator/faults/effects.h"

#include <nlohmann/json.hpp>
#include <utility>

#include "core/digest.h"
#include "core/text.h"

namespace drydock::simulator {
namespace {

// The path and query of a URL, or the text itself when it is no absolute URL.
std::string PathOf(const std::string& text) {
  const auto url = Url::Parse(text);
  return url ? url->Target() : text;
}

std::string DigestOf(const Sight& sight) {
  if (sight.manifest != nullptr) {
    return Digest::Of(*sight.manifest).ToString();
  }
  return sight.route.reference.find(':') == std::string::npos ? "" : sight.route.reference;
}

// As Filled, with what the genuine field held.
std::string Filled(std::string text, const Sight& sight, const std::string& genuine) {
  text = ReplaceAll(std::move(text), "{value}", genuine);
  return Filled(ReplaceAll(std::move(text), "{value-path}", PathOf(genuine)), sight);
}

std::string HtmlPage(std::string_view title, std::string_view server) {
  return Concat({"<html>\r\n<head><title>", title, "</title></head>\r\n<body>\r\n<center><h1>",
                 title, "</h1></center>\r\n<hr><center>", server,
                 "</center>\r\n</body>\r\n</html>\r\n"});
}

}  // namespace

std::string Filled(std::string text, const Sight& sight) {
  if (text.find('{') == std::string::npos) {
    return text;
  }
  const std::pair<std::string_view, std::string> values[] = {
      {"{repository}", sight.route.repository},
      {"{reference}", sight.route.reference},
      {"{digest}", DigestOf(sight)},
      {"{digest-tag}", ReplaceAll(DigestOf(sight), ":", "-")},
      {"{session}", sight.route.session},
      {"{origin}", sight.head.url.Origin()},
  };
  for (const auto& [name, value] : values) {
    text = ReplaceAll(std::move(text), name, value);
  }
  return text;
}

Response Render(const Reply& reply, const Sight& sight) {
  Response response;
  response.status = reply.status;
  response.reason = reply.reason;
  for (const auto& [name, value] : reply.headers) {
    response.headers.Add(name, Filled(value, sight));
  }
  response.body = Body::FromString(Filled(reply.body, sight));
  return response;
}

bool Apply(const EditReply& edit, const Sight& sight, Response& response) {
  const Headers before = response.headers;
  const int status = response.status;
  const std::string reason = response.reason;
  if (edit.status) {
    response.status = *edit.status;
    response.reason = ReasonPhrase(*edit.status);
  }
  response.reason = edit.reason.value_or(response.reason);
  for (const std::string& name : edit.drop) {
    response.headers.Remove(name);
  }
  for (const auto& [name, value] : edit.set) {
    response.headers.Set(name, Filled(value, sight, std::string(before.Get(name))));
  }
  for (const auto& [name, value] : edit.add) {
    response.headers.Add(name, Filled(value, sight, std::string(before.Get(name))));
  }
  return response.status != status || response.reason != reason ||
         response.headers.fields() != before.fields();
}

std::vector<std::string> PageNames() { return {"hub-edge", "nginx"}; }

std::optional<Reply> Page(std::string_view name, int status) {
  Reply reply;
  reply.status = status;
  reply.reason = ReasonPhrase(status);
  reply.headers.Set("Content-Type", "text/html");
  if (name == "nginx") {
    reply.headers.Set("Server", "nginx");
    reply.body = HtmlPage(Concat({std::to_string(status), " ", reply.reason}), "nginx");
    return reply;
  }
  if (name == "hub-edge") {
    // Clients recorded "400 Bad request" from the Hub's upload PUT: a load balancer's spelling, not
    // the registry's. The text of its page was never recorded; this is that load balancer's stock
    // page.
    if (status == 400) {
      reply.reason = "Bad request";
    }
    reply.headers.Set("Cache-Control", "no-cache");
    reply.headers.Set("Connection", "close");
    reply.body = Concat({"<html><body><h1>", std::to_string(status), " ", reply.reason, "</h1>\n",
                         status == 400 ? "Your browser sent an invalid request.\n" : "",
                         "</body></html>\n"});
    return reply;
  }
  return std::nullopt;
}

Reply RegistryError(int status, std::string_view code, std::string_view message) {
  Reply reply;
  reply.status = status;
  reply.reason = ReasonPhrase(status);
  reply.headers.Set("Content-Type", "application/json");
  nlohmann::ordered_json error;
  error["code"] = code;
  error["message"] = message;
  error["detail"] = nullptr;
  const nlohmann::ordered_json body = {{"errors", nlohmann::ordered_json::array({error})}};
  reply.body = body.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
  return reply;
}

}  // namespace drydock::simulator
