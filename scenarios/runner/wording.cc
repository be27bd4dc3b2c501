#include "scenarios/runner/wording.h"

#include <algorithm>
#include <array>
#include <cstdint>
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

struct Letter {
  std::size_t bytes = 1;
  std::size_t columns = 1;  // of a terminal
};

// The character at `at`; of what terminals show two columns wide, the scripts of East Asia, emoji
// and the bolt that marks a fault. A broken byte is a character of its own.
Letter LetterAt(std::string_view text, std::size_t at) {
  const auto lead = static_cast<unsigned char>(text[at]);
  const std::size_t bytes = lead < 0xC0U ? 1U : lead < 0xE0U ? 2U : lead < 0xF0U ? 3U : 4U;
  if (bytes == 1 || at + bytes > text.size()) {
    return {};
  }
  std::uint32_t code = lead & (0x7FU >> bytes);
  for (std::size_t next = at + 1; next < at + bytes; ++next) {
    code = (code << 6U) | (static_cast<unsigned char>(text[next]) & 0x3FU);
  }
  constexpr std::array<std::pair<std::uint32_t, std::uint32_t>, 7> kWide = {{
      {0x1100, 0x115F},
      {0x26A1, 0x26A1},
      {0x2E80, 0xA4CF},
      {0xAC00, 0xD7A3},
      {0xF900, 0xFAFF},
      {0xFF00, 0xFF60},
      {0x1F300, 0x1FAFF},
  }};
  const bool wide = std::any_of(kWide.begin(), kWide.end(), [&](const auto& range) {
    return code >= range.first && code <= range.second;
  });
  return {bytes, wide ? 2U : 1U};
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

std::size_t Columns(std::string_view text) {
  std::size_t columns = 0;
  for (std::size_t at = 0; at < text.size();) {
    const Letter letter = LetterAt(text, at);
    columns += letter.columns;
    at += letter.bytes;
  }
  return columns;
}

std::string Cut(std::string_view text, std::size_t columns) {
  std::size_t used = 0;
  std::size_t keep = 0;  // bytes that leave a column for the "…"
  for (std::size_t at = 0; at < text.size();) {
    const Letter letter = LetterAt(text, at);
    used += letter.columns;
    if (used > columns) {
      return Concat({text.substr(0, keep), "…"});
    }
    at += letter.bytes;
    keep = used < columns ? at : keep;
  }
  return std::string(text);
}

namespace {

// A word in pieces of at most `columns` columns; the last one may be shorter.
std::vector<std::string> Pieces(std::string_view word, std::size_t columns) {
  std::vector<std::string> pieces(1);
  std::size_t used = 0;
  for (std::size_t at = 0; at < word.size();) {
    const Letter letter = LetterAt(word, at);
    if (used + letter.columns > columns && used > 0) {
      pieces.emplace_back();
      used = 0;
    }
    pieces.back() += word.substr(at, letter.bytes);
    used += letter.columns;
    at += letter.bytes;
  }
  return pieces;
}

}  // namespace

std::string Wrap(std::string_view text, std::size_t columns, std::size_t indent, LongWords words) {
  const std::string next = "\n" + std::string(indent, ' ');
  std::string wrapped;
  std::size_t used = 0;
  for (const std::string& word : Split(text, ' ')) {
    const std::size_t width = Columns(word);
    if (used > 0 && used + 1 + width > columns) {
      wrapped += next;
      used = 0;
    } else if (used > 0) {
      wrapped += ' ';
      ++used;
    }
    if (words == LongWords::kBroken && width > columns) {
      const std::vector<std::string> pieces = Pieces(word, columns);
      wrapped += Join(pieces, next);
      used += Columns(pieces.back());
    } else {
      wrapped += word;
      used += width;
    }
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
