#include "scenarios/runner/expectation.h"

#include "core/http.h"
#include "core/text.h"

namespace drydock::scenarios {
namespace {

bool Agrees(const std::optional<std::string>& pattern, std::string_view text) {
  return !pattern || GlobMatches(*pattern, text);
}

std::string HostOf(const std::string& url) {
  const auto parsed = Url::Parse(url);
  return parsed ? parsed->host : std::string();
}

}  // namespace

bool RequestFilter::Fits(const Event& event) const {
  const auto* exchange = std::get_if<ExchangeEvent>(&event.payload);
  return exchange != nullptr && Agrees(actor, event.actor) &&
         Agrees(operation, exchange->operation) && Agrees(method, exchange->method) &&
         Agrees(repository, exchange->repository) && Agrees(reference, exchange->reference) &&
         Agrees(url, exchange->url) && (!host || Agrees(host, HostOf(exchange->url))) &&
         (!header || exchange->request_headers.Has(*header)) &&
         (!status || *status == exchange->status);
}

std::string RequestFilter::ToString() const {
  std::vector<std::string> pieces;
  const auto add = [&](std::string_view name, const std::optional<std::string>& value) {
    if (value) {
      pieces.push_back(Concat({name, " ", *value}));
    }
  };
  add("by", actor);
  add("operation", operation);
  add("method", method);
  add("host", host);
  add("repository", repository);
  add("reference", reference);
  add("url", url);
  add("with header", header);
  if (status) {
    pieces.push_back(Concat({"status ", std::to_string(*status)}));
  }
  return Join(pieces, ", ");
}

std::string Bounds::ToString() const {
  if (least == most) {
    return std::to_string(least);
  }
  if (most == std::numeric_limits<std::uint64_t>::max()) {
    return Concat({"at least ", std::to_string(least)});
  }
  if (least == 0) {
    return Concat({"at most ", std::to_string(most)});
  }
  return Concat({std::to_string(least), " to ", std::to_string(most)});
}

}  // namespace drydock::scenarios
