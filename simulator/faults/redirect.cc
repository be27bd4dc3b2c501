#include "simulator/faults/redirect.h"

#include <algorithm>
#include <array>
#include <vector>

#include "core/text.h"
#include "simulator/faults/rule_reader.h"

namespace drydock::simulator {
namespace {

using Form = Redirect::Form;

constexpr std::string_view kHop = "drydock-hop";
constexpr std::uint64_t kHopsMax = 1000;
constexpr std::array<std::pair<std::string_view, Form>, 3> kWords = {
    {{"absolute", Form::kAbsolute},
     {"relative", Form::kRelative},
     {"other-scheme", Form::kOtherScheme}}};
constexpr std::array<int, 5> kStatuses = {301, 302, 303, 307, 308};

std::uint64_t HopOf(const Url& url) {
  const auto text = url.QueryValue(kHop);
  const auto hop = text ? ParseUnsigned(*text) : std::nullopt;
  return std::min(hop.value_or(0), kHopsMax);
}

// `url` without what an earlier redirect added to it, which stands last.
Url Plain(Url url) {
  const std::size_t begin = url.query.rfind(Concat({kHop, "="}));
  if (begin != std::string::npos && (begin == 0 || url.query[begin - 1] == '&')) {
    url.query.resize(begin == 0 ? 0 : begin - 1);
  }
  return url;
}

std::string WithPort(const std::string& host, const std::string& port) {
  const std::size_t colon = host.rfind(':');
  const bool has_port = colon != std::string::npos && host.find(']', colon) == std::string::npos;
  return Concat({has_port ? host.substr(0, colon) : host, ":", port});
}

std::string_view WordOf(Form form) {
  for (const auto& [word, named] : kWords) {
    if (named == form) {
      return word;
    }
  }
  return form == Form::kOtherPort ? "port" : "host";
}

}  // namespace

std::string Describe(const Redirect& redirect) {
  const std::string hops = redirect.hops == Redirect::kEndless ? ", without end"
                           : redirect.hops == 1
                               ? ""
                               : Concat({", ", std::to_string(redirect.hops), " times"});
  return Concat({"redirect ", std::to_string(redirect.status), " to ", WordOf(redirect.form),
                 redirect.place.empty() ? "" : " ", redirect.place, hops});
}

bool HasArrived(const Redirect& redirect, const Url& url) {
  return redirect.hops != Redirect::kEndless && HopOf(url) >= redirect.hops;
}

Response Render(const Redirect& redirect, const Url& url) {
  Url target = Plain(url);
  target.AddQuery(kHop, std::to_string(std::min(HopOf(url) + 1, kHopsMax)));
  switch (redirect.form) {
    case Form::kAbsolute:
    case Form::kRelative:
      break;
    case Form::kOtherScheme:
      target.scheme = url.scheme == "https" ? "http" : "https";
      break;
    case Form::kOtherPort:
      target.host = WithPort(url.host, redirect.place);
      break;
    case Form::kOtherHost:
      target.host = redirect.place;
      break;
  }
  Response response;
  response.status = redirect.status;
  response.reason = ReasonPhrase(redirect.status);
  response.headers.Set("Location",
                       redirect.form == Form::kRelative ? target.Target() : target.ToString());
  return response;
}

namespace reading {
namespace {

void ReadForm(json::Source& source, json::ObjectReader& reader, Redirect& redirect) {
  const json::Value* value = reader.Optional("to");
  if (value == nullptr) {
    return;
  }
  if (value->as_object() != nullptr) {
    json::ObjectReader place(source, *value, "to");
    std::uint64_t port = 0;
    const bool has_host = place.Read("host", redirect.place);
    const bool has_port = place.Read("port", port);
    place.Finish();
    if (has_host == has_port) {
      place.Fail("", R"(expected either "host" or "port")");
    } else if (has_port) {
      redirect.form = Form::kOtherPort;
      redirect.place = std::to_string(port);
      if (port == 0 || port > 65535) {
        place.Fail("port", Concat({"expected 1 to 65535, found: ", std::to_string(port)}));
      }
    } else {
      redirect.form = Form::kOtherHost;
      const auto url = Url::Parse(Concat({"http://", redirect.place, "/"}));
      if (!url || url->host != redirect.place) {
        place.Fail("host", Concat({"expected a host, perhaps with a port, found: \"",
                                   redirect.place, "\""}));
      }
    }
    return;
  }
  const std::string* text = value->as_string();
  const auto* const word = std::find_if(kWords.begin(), kWords.end(), [&](const auto& each) {
    return text != nullptr && each.first == *text;
  });
  if (word == kWords.end()) {
    reader.Fail("to", Concat({R"(expected "absolute", "relative", "other-scheme", {"host": …} )",
                              R"(or {"port": …}, found: )", value->Excerpt()}));
    return;
  }
  redirect.form = word->second;
}

void ReadHops(json::ObjectReader& reader, Redirect& redirect) {
  const json::Value* value = reader.Optional("hops");
  if (value == nullptr) {
    return;
  }
  const auto number = value->as_integer();
  const std::string* text = value->as_string();
  if (text != nullptr && *text == "endless") {
    redirect.hops = Redirect::kEndless;
  } else if (number && *number > 0 && static_cast<std::uint64_t>(*number) < kHopsMax) {
    redirect.hops = static_cast<std::uint64_t>(*number);
  } else {
    reader.Fail("hops", Concat({"expected 1 to ", std::to_string(kHopsMax - 1),
                                " or \"endless\", found: ", value->Excerpt()}));
  }
}

}  // namespace

void ReadRedirect(json::Source& source, const json::Value& value, FaultRule& rule) {
  Redirect redirect;
  json::ObjectReader reader(source, value, "redirect");
  if (reader.Require("status", redirect.status) &&
      std::find(kStatuses.begin(), kStatuses.end(), redirect.status) == kStatuses.end()) {
    reader.Fail("status", Concat({"expected 301, 302, 303, 307 or 308, found: ",
                                  std::to_string(redirect.status)}));
  }
  ReadForm(source, reader, redirect);
  ReadHops(reader, redirect);
  reader.Finish();
  rule.answer = std::move(redirect);
}

}  // namespace reading
}  // namespace drydock::simulator
