#include "core/reference.h"

#include <algorithm>

#include "core/text.h"

namespace drydock {
namespace {

constexpr std::size_t kRepositoryNameMax = 255;
constexpr std::size_t kTagMax = 128;
constexpr std::string_view kDefaultRegistry = "docker.io";

bool IsLowerAlnum(char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); }

bool IsTagStart(char c) { return IsLowerAlnum(c) || (c >= 'A' && c <= 'Z') || c == '_'; }

// [a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*
bool IsPathComponent(std::string_view text) {
  std::size_t i = 0;
  while (i < text.size()) {
    const std::size_t start = i;
    while (i < text.size() && IsLowerAlnum(text[i])) {
      ++i;
    }
    if (i == start) {
      return false;
    }
    if (i == text.size()) {
      return true;
    }
    const auto* const next = std::find_if(text.begin() + i, text.end(), IsLowerAlnum);
    const auto end = static_cast<std::size_t>(next - text.begin());
    const std::string_view separator = text.substr(i, end - i);
    const bool dashes = separator.find_first_not_of('-') == std::string_view::npos;
    if (!dashes && separator != "." && separator != "_" && separator != "__") {
      return false;
    }
    i = end;
  }
  return false;
}

bool LooksLikeHost(std::string_view first_component) {
  return first_component == "localhost" || first_component.find('.') != std::string_view::npos ||
         first_component.find(':') != std::string_view::npos ||
         ToLower(first_component) != first_component;
}

bool IsHost(std::string_view text) {
  return !text.empty() &&
         text.find_first_not_of(
             "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-:[]") ==
             std::string_view::npos;
}

std::string WithTagAndDigest(std::string name, const ImageReference& image) {
  if (image.tag) {
    name += ":" + *image.tag;
  }
  if (image.digest) {
    name += "@" + image.digest->ToString();
  }
  return name;
}

}  // namespace

bool IsRepositoryName(std::string_view text) {
  if (text.size() > kRepositoryNameMax) {
    return false;
  }
  const auto components = Split(text, '/');
  return std::all_of(components.begin(), components.end(),
                     [](const std::string& component) { return IsPathComponent(component); });
}

bool IsTag(std::string_view text) {
  return !text.empty() && text.size() <= kTagMax && IsTagStart(text[0]) &&
         std::all_of(text.begin(), text.end(),
                     [](char c) { return IsTagStart(c) || c == '.' || c == '-'; });
}

Result<ImageReference> ImageReference::Parse(std::string_view text) {
  const auto invalid = [&](std::string_view what) {
    return Error(ErrorCode::kInvalid, Concat({"image reference: ", what, ": ", text}));
  };
  ImageReference parsed;
  std::string_view rest = text;
  if (const std::size_t at = rest.find('@'); at != std::string_view::npos) {
    auto digest = Digest::Parse(rest.substr(at + 1));
    if (!digest) {
      return digest.error().At("image reference");
    }
    parsed.digest = std::move(*digest);
    rest = rest.substr(0, at);
  }
  const std::size_t slash = rest.rfind('/');
  const std::size_t colon = rest.rfind(':');
  if (colon != std::string_view::npos && (slash == std::string_view::npos || colon > slash)) {
    parsed.tag = std::string(rest.substr(colon + 1));
    if (!IsTag(*parsed.tag)) {
      return invalid("the tag must be [A-Za-z0-9_][A-Za-z0-9._-]{0,127}");
    }
    rest = rest.substr(0, colon);
  }
  const std::size_t first = rest.find('/');
  if (first != std::string_view::npos && LooksLikeHost(rest.substr(0, first))) {
    parsed.registry = std::string(rest.substr(0, first));
    rest = rest.substr(first + 1);
    if (!IsHost(parsed.registry)) {
      return invalid("the registry is not a host name");
    }
  } else {
    parsed.registry = std::string(kDefaultRegistry);
  }
  parsed.repository = std::string(rest);
  if (parsed.registry == kDefaultRegistry && rest.find('/') == std::string_view::npos) {
    parsed.repository.insert(0, "library/");
  }
  if (!IsRepositoryName(parsed.repository)) {
    return invalid("the repository must be lower-case path components");
  }
  return parsed;
}

std::string ImageReference::Name() const {
  return registry == kDefaultRegistry ? repository : Concat({registry, "/", repository});
}

std::string ImageReference::ToString() const { return WithTagAndDigest(Name(), *this); }

std::string ImageReference::Qualified() const {
  return WithTagAndDigest(Concat({registry, "/", repository}), *this);
}

}  // namespace drydock
