#include "core/http.h"

#include <algorithm>
#include <array>

#include "core/text.h"

namespace drydock {
namespace {

constexpr std::size_t kPieceBytes = 262'144;

class SharedReader : public BodyReader {
 public:
  SharedReader(std::shared_ptr<const std::string> bytes, std::size_t offset, std::size_t length)
      : bytes_(std::move(bytes)), rest_(std::string_view(*bytes_).substr(offset, length)) {}

  Result<std::size_t> Read(std::span<char> into) override {
    const std::size_t size = rest_.copy(into.data(), into.size());
    rest_.remove_prefix(size);
    return size;
  }

  Status WriteTo(BodySink& sink) override { return sink.Write(std::exchange(rest_, {})); }

 private:
  std::shared_ptr<const std::string> bytes_;
  std::string_view rest_;
};

// RFC 3986 section 5.2.4.
std::string RemoveDotSegments(std::string_view path) {
  std::vector<std::string> kept;
  const auto segments = Split(path.substr(1), '/');
  for (std::size_t i = 0; i < segments.size(); ++i) {
    const bool last = i + 1 == segments.size();
    if (segments[i] == "..") {
      if (!kept.empty()) {
        kept.pop_back();
      }
    } else if (segments[i] != ".") {
      kept.push_back(segments[i]);
      continue;
    }
    if (last) {
      kept.emplace_back();
    }
  }
  return Concat({"/", Join(kept, "/")});
}

bool HasBlankOrControl(std::string_view text) {
  return std::any_of(text.begin(), text.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte <= 0x20 || byte == 0x7f;
  });
}

}  // namespace

void Headers::Add(std::string_view name, std::string_view value) {
  fields_.emplace_back(std::string(name), std::string(value));
}

void Headers::Set(std::string_view name, std::string_view value) {
  const auto found = std::find_if(fields_.begin(), fields_.end(), [&](const Field& field) {
    return EqualsIgnoringCase(field.first, name);
  });
  if (found == fields_.end()) {
    Add(name, value);
    return;
  }
  found->second = std::string(value);
  fields_.erase(
      std::remove_if(found + 1, fields_.end(),
                     [&](const Field& field) { return EqualsIgnoringCase(field.first, name); }),
      fields_.end());
}

void Headers::Remove(std::string_view name) {
  std::erase_if(fields_, [&](const Field& field) { return EqualsIgnoringCase(field.first, name); });
}

const std::string* Headers::Find(std::string_view name) const {
  for (const Field& field : fields_) {
    if (EqualsIgnoringCase(field.first, name)) {
      return &field.second;
    }
  }
  return nullptr;
}

std::string_view Headers::Get(std::string_view name) const {
  const std::string* value = Find(name);
  return value == nullptr ? std::string_view() : std::string_view(*value);
}

std::vector<std::string> Headers::All(std::string_view name) const {
  std::vector<std::string> values;
  for (const Field& field : fields_) {
    if (EqualsIgnoringCase(field.first, name)) {
      values.push_back(field.second);
    }
  }
  return values;
}

Body Body::FromString(std::string text) {
  return FromShared(std::make_shared<const std::string>(std::move(text)));
}

Body Body::FromShared(std::shared_ptr<const std::string> shared, std::size_t offset,
                      std::size_t length) {
  const std::size_t start = std::min(offset, shared->size());
  const std::size_t size = std::min(length, shared->size() - start);
  return FromReader(std::make_unique<SharedReader>(std::move(shared), start, size), size);
}

Body Body::FromReader(std::unique_ptr<BodyReader> reader, std::optional<std::uint64_t> length) {
  Body body;
  body.reader_ = std::move(reader);
  body.length_ = length;
  return body;
}

Result<std::size_t> Body::Read(std::span<char> into) {
  if (reader_ == nullptr) {
    return std::size_t{0};
  }
  return reader_->Read(into);
}

Status Body::WriteTo(BodySink& sink) {
  return reader_ == nullptr ? Status(Ok{}) : reader_->WriteTo(sink);
}

Result<std::uint64_t> BodySink::WriteFile(int /*descriptor*/, std::uint64_t /*offset*/,
                                          std::uint64_t /*length*/) {
  return std::uint64_t{0};
}

Status BodyReader::WriteTo(BodySink& sink) {
  const auto piece = std::make_unique_for_overwrite<char[]>(kPieceBytes);
  while (true) {
    const Result<std::size_t> got = Read({piece.get(), kPieceBytes});
    if (!got) {
      return got.error();
    }
    if (*got == 0) {
      return Ok{};
    }
    if (Status sent = sink.Write({piece.get(), *got}); !sent) {
      return sent;
    }
  }
}

Result<std::string> ReadAll(Body& body, std::size_t bytes_max) {
  std::string text;
  std::array<char, 16384> piece{};
  for (;;) {
    auto size = body.Read(piece);
    if (!size) {
      return std::move(size).error();
    }
    if (*size == 0) {
      return text;
    }
    if (text.size() + *size > bytes_max) {
      return Error(ErrorCode::kInvalid, Concat({"body: longer than the limit of ",
                                                std::to_string(bytes_max), " bytes"}));
    }
    text.append(piece.data(), *size);
  }
}

Result<Url> Url::Parse(std::string_view text) {
  const auto invalid = [&](std::string_view what) {
    return Error(ErrorCode::kInvalid, Concat({"URL: ", what, ": ", text}));
  };
  Url url;
  const std::size_t colon = text.find("://");
  url.scheme = colon == std::string_view::npos ? "" : ToLower(text.substr(0, colon));
  if (url.scheme != "http" && url.scheme != "https") {
    return invalid("expected http:// or https://");
  }
  if (HasBlankOrControl(text)) {
    return invalid("blanks and control characters must be percent-encoded");
  }
  std::string_view rest = text.substr(colon + 3);
  rest = rest.substr(0, rest.find('#'));
  const std::size_t end = rest.find_first_of("/?");
  url.host = std::string(rest.substr(0, end));
  if (url.host.empty() || url.host.find('@') != std::string::npos) {
    return invalid("expected a host without user name");
  }
  rest = end == std::string_view::npos ? std::string_view() : rest.substr(end);
  const std::size_t question = rest.find('?');
  if (question != std::string_view::npos) {
    url.query = std::string(rest.substr(question + 1));
  }
  const std::string_view path = rest.substr(0, question);
  url.path = path.empty() ? "/" : std::string(path);
  return url;
}

Result<Url> Url::Resolve(std::string_view location) const {
  if (location.find("://") != std::string_view::npos &&
      location.find("://") < location.find_first_of("/?#")) {
    return Parse(location);
  }
  if (location.substr(0, 2) == "//") {
    return Parse(Concat({scheme, ":", location}));
  }
  if (HasBlankOrControl(location)) {
    return Error(ErrorCode::kInvalid, Concat({"Location: blank or control character: ", location}));
  }
  location = location.substr(0, location.find('#'));
  Url resolved = *this;
  const std::size_t question = location.find('?');
  const std::string_view reference_path = location.substr(0, question);
  if (question != std::string_view::npos || !reference_path.empty()) {
    resolved.query =
        question == std::string_view::npos ? "" : std::string(location.substr(question + 1));
  }
  if (!reference_path.empty()) {
    const std::string merged = reference_path[0] == '/'
                                   ? std::string(reference_path)
                                   : Concat({path.substr(0, path.rfind('/') + 1), reference_path});
    resolved.path = RemoveDotSegments(merged);
  }
  return resolved;
}

std::string Url::Origin() const { return Concat({scheme, "://", host}); }

std::string Url::Target() const { return query.empty() ? path : Concat({path, "?", query}); }

std::optional<std::string> Url::QueryValue(std::string_view name) const {
  for (const std::string& pair : Split(query, '&')) {
    const std::size_t equals = std::min(pair.find('='), pair.size());
    if (PercentDecode(std::string_view(pair).substr(0, equals)) == name) {
      const std::string_view value =
          std::string_view(pair).substr(std::min(equals + 1, pair.size()));
      return PercentDecode(ReplaceAll(std::string(value), "+", " "));
    }
  }
  return std::nullopt;
}

void Url::AddQuery(std::string_view name, std::string_view value) {
  const std::string readable = ReplaceAll(ReplaceAll(PercentEncode(value), "%3A", ":"), "%2F", "/");
  query += Concat({query.empty() ? "" : "&", PercentEncode(name), "=", readable});
}

std::string_view ReasonPhrase(int status) {
  struct Row {
    int status;
    std::string_view phrase;
  };
  constexpr std::array<Row, 34> kPhrases = {{{200, "OK"},
                                             {201, "Created"},
                                             {202, "Accepted"},
                                             {204, "No Content"},
                                             {206, "Partial Content"},
                                             {301, "Moved Permanently"},
                                             {302, "Found"},
                                             {303, "See Other"},
                                             {304, "Not Modified"},
                                             {307, "Temporary Redirect"},
                                             {308, "Permanent Redirect"},
                                             {400, "Bad Request"},
                                             {401, "Unauthorized"},
                                             {402, "Payment Required"},
                                             {403, "Forbidden"},
                                             {404, "Not Found"},
                                             {405, "Method Not Allowed"},
                                             {406, "Not Acceptable"},
                                             {408, "Request Timeout"},
                                             {409, "Conflict"},
                                             {410, "Gone"},
                                             {411, "Length Required"},
                                             {412, "Precondition Failed"},
                                             {413, "Request Entity Too Large"},
                                             {414, "URI Too Long"},
                                             {415, "Unsupported Media Type"},
                                             {416, "Requested Range Not Satisfiable"},
                                             {422, "Unprocessable Entity"},
                                             {429, "Too Many Requests"},
                                             {500, "Internal Server Error"},
                                             {501, "Not Implemented"},
                                             {502, "Bad Gateway"},
                                             {503, "Service Unavailable"},
                                             {504, "Gateway Timeout"}}};
  for (const Row& row : kPhrases) {
    if (row.status == status) {
      return row.phrase;
    }
  }
  return {};
}

}  // namespace drydock
