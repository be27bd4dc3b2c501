#include "publisher/registry/build_log_line.h"

#include <algorithm>
#include <array>

#include "core/text.h"

namespace drydock::publisher {
namespace {

constexpr std::string_view kDigits = "0123456789";

// The text after the first `mark`; nullopt when it is not there.
std::optional<std::string_view> After(std::string_view text, std::string_view mark) {
  const std::size_t at = text.find(mark);
  return at == std::string_view::npos ? std::nullopt : std::optional(text.substr(at + mark.size()));
}

// A status code at the start of `text`, and what follows it.
struct StatusSeen {
  int status = 0;
  std::string_view rest;
};
std::optional<StatusSeen> StatusAt(std::string_view text) {
  const auto status = ParseUnsigned(text.substr(0, 3));
  const bool longer = text.size() > 3 && Contains(kDigits, text.substr(3, 1));
  if (text.size() < 3 || longer || !status || *status < 100 || *status > 599) {
    return std::nullopt;
  }
  return StatusSeen{static_cast<int>(*status), text.substr(3)};
}

// "unexpected status from PUT request to http://…: 400 Bad Request: <html>".
std::optional<AnswerTold> ToldWithRequest(std::string_view line) {
  const auto told = After(line, "unexpected status from ");
  const std::size_t blank = told ? told->find(' ') : std::string_view::npos;
  const auto url = told ? After(*told, " request to ") : std::nullopt;
  const std::size_t end = url ? url->find(": ") : std::string_view::npos;
  const auto status = end == std::string_view::npos ? std::nullopt : StatusAt(url->substr(end + 2));
  if (!status) {
    return std::nullopt;
  }
  AnswerTold answer;
  answer.seen.method = std::string(told->substr(0, blank));
  answer.seen.url = std::string(url->substr(0, end));
  answer.seen.status = status->status;
  if (const auto body = After(status->rest, ": ")) {
    answer.seen.body = std::string(*body);
    answer.body_told = true;
  }
  return answer;
}

// The status as clients without the request tell it.
std::optional<StatusSeen> ToldStatus(std::string_view line) {
  constexpr std::array<std::string_view, 10> kMarks = {
      "unexpected status: ",        "unexpected HTTP status: ", "StatusCode: ",
      "status code from registry ", "error parsing HTTP ",      "response status code ",
      "unexpected status code ",    "unexpected http status: ", "[http ",
      "destination repository "};
  for (const std::string_view mark : kMarks) {
    auto rest = After(line, mark);
    if (!rest) {
      continue;
    }
    if (const auto status = StatusAt(*rest)) {
      return status;
    }
    // A name or URL may stand before it: "… code https://host/v2/…: 503 Service Unavailable".
    for (auto piece = After(*rest, ": "); piece; piece = After(*piece, ": ")) {
      if (const auto status = StatusAt(*piece)) {
        return status;
      }
    }
  }
  return std::nullopt;
}

// "unknown: <html>…<title>400 Bad Request</title>…": a page where a registry's message was
// expected.
std::optional<AnswerTold> ToldInPage(std::string_view line) {
  const auto page = After(line, "unknown: <html");
  const auto title = page ? After(*page, "<title>") : std::nullopt;
  const auto status = title ? StatusAt(*title) : std::nullopt;
  if (!status) {
    return std::nullopt;
  }
  AnswerTold answer;
  answer.seen.method = "PUT";
  answer.seen.status = status->status;
  answer.seen.body = Concat({"<html", *page});
  answer.body_told = true;
  return answer;
}

constexpr std::array<Saying, 19> kSayings = {{
    {"insufficient_scope", "DENIED", 401},
    {"toomanyrequests", "TOOMANYREQUESTS", 429},
    {"unauthorized", "UNAUTHORIZED", 401},
    {"authentication required", "UNAUTHORIZED", 401},
    {"invalid username/password", "UNAUTHORIZED", 401},
    {"denied", "DENIED", 403},
    {"requested access to the resource is denied", "DENIED", 403},
    {"manifest blob unknown", "MANIFEST_BLOB_UNKNOWN", 400},
    {"blob unknown to registry", "MANIFEST_BLOB_UNKNOWN", 400},
    {"blob unknown", "BLOB_UNKNOWN", 404},
    {"unknown blob", "BLOB_UNKNOWN", 404},
    {"blob upload unknown", "BLOB_UPLOAD_UNKNOWN", 404},
    {"blob upload unknown to registry", "BLOB_UPLOAD_UNKNOWN", 404},
    {"digest invalid", "DIGEST_INVALID", 400},
    {"provided digest did not match uploaded content", "DIGEST_INVALID", 400},
    {"manifest unknown", "MANIFEST_UNKNOWN", 404},
    {"name unknown", "NAME_UNKNOWN", 404},
    {"repository name not known to registry", "NAME_UNKNOWN", 404},
    {"manifest invalid", "MANIFEST_INVALID", 400},
}};

}  // namespace

bool IsStepOutput(std::string_view line) {
  if (line.starts_with('#')) {
    line.remove_prefix(std::min(line.find(' '), line.size() - 1) + 1);
  }
  const std::size_t dot = line.find_first_not_of(kDigits);
  if (dot == 0 || dot == std::string_view::npos || line[dot] != '.') {
    return false;
  }
  const std::size_t end = line.find_first_not_of(kDigits, dot + 1);
  return end != std::string_view::npos && end > dot + 1 && line[end] == ' ';
}

std::string_view Message(std::string_view line) {
  if (const auto message = After(line, "level=fatal msg=\"")) {
    line = *message;
    line.remove_suffix(line.ends_with('"') ? 1 : 0);
  }
  if (line.starts_with('#') && Contains(line, " ERROR: ")) {
    line = *After(line, " ERROR: ");
  }
  for (const std::string_view prefix :
       {"ERROR: ", "Error: ", "error: ", "failed to build: ", "failed to solve: "}) {
    line.remove_prefix(line.starts_with(prefix) ? prefix.size() : 0);
  }
  return line;
}

std::string MethodInWords(std::string_view line) {
  struct Row {
    std::string_view words;
    std::string_view method;
  };
  constexpr std::array<Row, 19> kRows = {{{"Put \"", "PUT"},
                                          {"Patch \"", "PATCH"},
                                          {"Post \"", "POST"},
                                          {"Head \"", "HEAD"},
                                          {"Get \"", "GET"},
                                          {"initiating layer upload", "POST"},
                                          {"uploading layer chunked", "PATCH"},
                                          {"uploading layer to", "PUT"},
                                          {"uploading manifest", "PUT"},
                                          {"trying to reuse blob", "HEAD"},
                                          {"pinging container registry", "GET"},
                                          {"reading manifest", "GET"},
                                          {"fetching blob", "GET"},
                                          {"reading blob", "GET"},
                                          {"pulling image configuration", "GET"},
                                          {"httpReadSeeker", "GET"},
                                          {"resolve source metadata", "GET"},
                                          {"Error response from daemon", "GET"},
                                          {"unknown blob", "GET"}}};
  const std::string lower = ToLower(line);
  for (const Row& row : kRows) {
    if (Contains(line, row.words) || Contains(lower, row.words)) {
      return std::string(row.method);
    }
  }
  return "";
}

std::string UrlInWords(std::string_view line) {
  const std::size_t start = std::min(line.find("http://"), line.find("https://"));
  if (start == std::string_view::npos) {
    return "";
  }
  std::string_view url = line.substr(start);
  url = url.substr(0, url.find_first_of("\" "));
  url.remove_suffix(url.ends_with(':') ? 1 : 0);
  return std::string(url);
}

std::optional<AnswerTold> ToldAnswer(std::string_view line) {
  if (auto answer = ToldWithRequest(line)) {
    return answer;
  }
  if (auto answer = ToldInPage(line)) {
    return answer;
  }
  const auto status = ToldStatus(line);
  if (!status) {
    return std::nullopt;
  }
  AnswerTold answer;
  answer.seen.status = status->status;
  answer.seen.method = MethodInWords(line);
  answer.seen.url = UrlInWords(line);
  const std::size_t markup = status->rest.find('<');
  if (markup != std::string_view::npos) {
    answer.seen.body = std::string(status->rest.substr(markup));
    answer.body_told = true;
  }
  return answer;
}

const Saying* FindSaying(std::string_view line) {
  const std::string flat = ReplaceAll(ToLower(line), "\\n", ": ");
  const std::string padded = Concat({": ", flat, ": "});
  for (const Saying& saying : kSayings) {
    if (Contains(padded, Concat({": ", saying.words, ": "}))) {
      return &saying;
    }
  }
  return nullptr;
}

}  // namespace drydock::publisher
