#include "scenarios/runner/wording.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "core/json.h"
#include "core/text.h"

namespace drydock::scenarios {
namespace {

// What of an error body a line has room for: the codes of a registry's own body, the heading of a
// page unless it only repeats the status, the beginning of anything else.
std::string BodyGist(const ExchangeEvent& exchange) {
  const std::string_view body = Trim(exchange.response_excerpt);
  if (const auto document = json::Parse(body, "body")) {
    std::vector<std::string> codes;
    const json::Value* errors = document->Find("errors");
    for (const json::Value& error : errors == nullptr || errors->as_array() == nullptr
                                        ? json::Value::Array()
                                        : *errors->as_array()) {
      codes.emplace_back(error.Text("code"));
    }
    const std::string said =
        codes.empty() ? std::string(document->Text("error")) : Join(codes, " ");
    return EqualsIgnoringCase(said, exchange.reason) ? "" : said;
  }
  for (const std::string_view tag : {"title>", "h1>"}) {
    const std::size_t open = body.find(tag);
    if (open != std::string_view::npos) {
      const std::size_t start = open + tag.size();
      const std::string_view heading = body.substr(start, body.find("</", start) - start);
      const bool repeats = heading.rfind(std::to_string(exchange.status), 0) == 0;
      return repeats ? "HTML" : Concat({"HTML “", heading, "”"});
    }
  }
  return ReplaceAll(ReplaceAll(std::string(body), "\n", " "), "\r", "");
}

std::size_t Columns(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U;
  }));
}

bool IsHex(char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || c == '-'; }

// Shortens the run of `accepted` characters after each `mark` to `keep` and "…".
std::string Shortened(std::string text, std::string_view mark, std::size_t keep,
                      bool (*accepted)(char)) {
  for (std::size_t at = text.find(mark); at != std::string::npos; at = text.find(mark, at + 1)) {
    const std::size_t start = at + mark.size();
    std::size_t end = start;
    while (end < text.size() && accepted(text[end])) {
      ++end;
    }
    if (end - start > keep) {
      text.replace(start + keep, end - start - keep, "…");
    }
  }
  return text;
}

}  // namespace

std::string Short(std::string_view reference) {
  constexpr std::size_t kShown = std::string_view("sha256:0123456789ab").size();
  return std::string(reference.rfind("sha256:", 0) == 0 ? reference.substr(0, kShown) : reference);
}

std::string Bare(std::string_view digest) { return Short(digest).substr(digest.find(':') + 1); }

std::string Subject(const ExchangeEvent& exchange) {
  const std::string& operation = exchange.operation;
  const std::string reference = Short(exchange.reference);
  if (operation.rfind("upload.", 0) == 0) {
    return Concat({"blob ", reference.empty() ? "upload" : Bare(reference)});
  }
  if (operation.rfind("manifest.", 0) == 0) {
    return Concat({"manifest ", reference});
  }
  if (operation.rfind("blob.", 0) == 0) {
    return Concat({"blob ", Bare(reference)});
  }
  const auto url = Url::Parse(exchange.url);
  return url ? url->path : exchange.url;
}

std::string Paint::Wrapped(std::string_view code, std::string_view text) const {
  return colour_ ? Concat({"\x1b[", code, "m", text, "\x1b[0m"}) : std::string(text);
}

std::string Cut(std::string_view text, std::size_t columns) {
  std::size_t seen = 0;
  std::size_t keep = 0;  // bytes of the first columns - 1 code points
  for (std::size_t at = 0; at < text.size(); ++at) {
    const bool starts = (static_cast<unsigned char>(text[at]) & 0xC0U) != 0x80U;
    if (starts && ++seen == columns) {
      keep = at;
    }
    if (seen > columns) {
      return Concat({text.substr(0, keep), "…"});
    }
  }
  return std::string(text);
}

std::string Wrap(std::string_view text, std::size_t columns, std::size_t indent) {
  std::string wrapped;
  std::size_t used = 0;
  for (const std::string& word : Split(text, ' ')) {
    const std::size_t width = Columns(word);
    if (used > 0 && used + 1 + width > columns) {
      wrapped += "\n" + std::string(indent, ' ');
      used = 0;
    } else if (used > 0) {
      wrapped += ' ';
      ++used;
    }
    wrapped += word;
    used += width;
  }
  return wrapped;
}

std::string Gist(std::string_view text) {
  constexpr std::size_t kDigits = 12;
  std::string gist = ReplaceAll(std::string(text), "ERROR: failed to solve: ", "");
  gist = Shortened(std::move(gist), "_state=", 0,
                   [](char c) { return c != '&' && c != '"' && c > ' '; });
  gist = Shortened(std::move(gist), "sha256:", kDigits, IsHex);
  gist = Shortened(std::move(gist), "sha256%3A", kDigits, IsHex);
  return Shortened(std::move(gist), "/blobs/uploads/", 8, IsHex);
}

std::string PeerName(std::string_view url) {
  const auto parsed = Url::Parse(url);
  const std::string host = parsed ? parsed->host : std::string(url);
  if (host == "registry-1.docker.io") {
    return "hub";
  }
  if (host == "auth.docker.io") {
    return "token service";
  }
  return host.rfind("npm.", 0) == 0 ? "npm" : host;
}

std::string AnswerText(const ExchangeEvent& exchange) {
  if (exchange.status == 0) {
    return Concat({"no answer: ", exchange.lost});
  }
  const std::string gist = exchange.status >= 400 ? BodyGist(exchange) : "";
  return Concat({std::to_string(exchange.status), exchange.reason.empty() ? "" : " ",
                 exchange.reason, gist.empty() ? "" : ", ", gist,
                 exchange.lost.empty() ? "" : ", cut off: ", exchange.lost});
}

}  // namespace drydock::scenarios
