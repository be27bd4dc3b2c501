#include "simulator/registry/manifest.h"

#include <algorithm>

#include "core/json.h"
#include "core/media_type.h"
#include "core/text.h"

namespace drydock::simulator {
namespace {

constexpr std::string_view kSchema1 = "application/vnd.docker.distribution.manifest.v1";

// Takes a manifest apart. The first problem sticks; later reads change nothing.
class ManifestReader {
 public:
  explicit ManifestReader(const json::Value& root) : root_(root) {}

  void ReadImage(ManifestContent& into);
  void ReadIndex(ManifestContent& into);
  void ReadSubject(ManifestContent& into);
  void Fail(ApiCode code, std::string_view where, std::string_view what) {
    if (!problem_) {
      problem_ = Problem{code, std::string(where), std::string(what), {}};
    }
  }

  std::optional<Problem> problem() const { return problem_; }

 private:
  std::optional<Descriptor> ReadDescriptor(const json::Value& value, const std::string& where);
  // Reads a member that is an array of descriptors; absent and null mean empty.
  void ReadList(std::string_view member, std::vector<Descriptor>& into);
  void ExpectVersion2();
  void ExpectAbsent(std::string_view member, std::string_view why);

  const json::Value& root_;
  std::optional<Problem> problem_;
};

bool IsForeign(const json::Value& value, std::string_view media_type) {
  return value.Find("urls") != nullptr ||
         media_type.find(".nondistributable.") != std::string_view::npos ||
         media_type.find(".rootfs.foreign.") != std::string_view::npos;
}

// Whether a descriptor's data is base64 (RFC 4648 section 4) of what the descriptor describes.
bool IsContent(const json::Value& data, const Digest& digest, std::uint64_t size) {
  const std::string* text = data.as_string();
  const auto bytes = text == nullptr ? std::nullopt : FromBase64(*text);
  return bytes && Base64(*bytes) == *text && bytes->size() == size &&
         Digest::Of(*bytes, digest.algorithm()) == digest;
}

std::optional<Descriptor> ManifestReader::ReadDescriptor(const json::Value& value,
                                                         const std::string& where) {
  if (value.as_object() == nullptr) {
    Fail(ApiCode::kManifestInvalid, where, "expected a descriptor");
    return std::nullopt;
  }
  const std::string_view media_type = value.Text("mediaType");
  if (media_type.empty()) {
    Fail(ApiCode::kManifestInvalid, where + "/mediaType", "expected a media type");
    return std::nullopt;
  }
  auto digest = Digest::Parse(value.Text("digest"));
  if (!digest) {
    Fail(ApiCode::kDigestInvalid, where + "/digest", value.Text("digest"));
    return std::nullopt;
  }
  const json::Value* size = value.Find("size");
  const auto bytes = size == nullptr ? std::nullopt : size->as_integer();
  if (!bytes || *bytes < 0) {
    Fail(ApiCode::kManifestInvalid, where + "/size", "expected a size in bytes");
    return std::nullopt;
  }
  if (const json::Value* data = value.Find("data");
      data != nullptr && !IsContent(*data, *digest, static_cast<std::uint64_t>(*bytes))) {
    Fail(ApiCode::kManifestInvalid, where + "/data",
         "not the content that digest and size describe");
    return std::nullopt;
  }
  return Descriptor{std::string(media_type), std::move(*digest), static_cast<std::uint64_t>(*bytes),
                    IsForeign(value, media_type), value.Find("platform") != nullptr};
}

void ManifestReader::ReadList(std::string_view member, std::vector<Descriptor>& into) {
  const json::Value* list = root_.Find(member);
  if (list == nullptr || list->is_null()) {
    return;
  }
  if (list->as_array() == nullptr) {
    Fail(ApiCode::kManifestInvalid, Concat({"/", member}), "expected a list of descriptors");
    return;
  }
  std::size_t index = 0;
  for (const json::Value& entry : *list->as_array()) {
    auto descriptor = ReadDescriptor(entry, Concat({"/", member, "/", std::to_string(index++)}));
    if (!descriptor) {
      return;
    }
    into.push_back(std::move(*descriptor));
  }
}

void ManifestReader::ExpectVersion2() {
  const json::Value* version = root_.Find("schemaVersion");
  if (version == nullptr || version->as_integer() != 2) {
    Fail(ApiCode::kManifestInvalid, "/schemaVersion", "expected 2");
  }
}

void ManifestReader::ExpectAbsent(std::string_view member, std::string_view why) {
  if (root_.Find(member) != nullptr) {
    Fail(ApiCode::kManifestInvalid, Concat({"/", member}), why);
  }
}

void ManifestReader::ReadImage(ManifestContent& into) {
  ExpectVersion2();
  ExpectAbsent("manifests", "an image manifest has no manifests");
  const json::Value* config = root_.Find("config");
  if (config == nullptr) {
    Fail(ApiCode::kManifestInvalid, "/config", "expected a descriptor");
    return;
  }
  auto descriptor = ReadDescriptor(*config, "/config");
  if (!descriptor) {
    return;
  }
  if (into.artifact_type.empty()) {
    into.artifact_type = descriptor->media_type;
  }
  into.blobs.push_back(std::move(*descriptor));
  ReadList("layers", into.blobs);
}

void ManifestReader::ReadIndex(ManifestContent& into) {
  ExpectVersion2();
  ExpectAbsent("config", "an index has no config");
  ExpectAbsent("layers", "an index has no layers");
  ReadList("manifests", into.manifests);
}

void ManifestReader::ReadSubject(ManifestContent& into) {
  const json::Value* subject = root_.Find("subject");
  if (subject == nullptr || subject->is_null()) {
    return;
  }
  if (auto descriptor = ReadDescriptor(*subject, "/subject")) {
    into.subject = std::move(descriptor->digest);
  }
}

bool RangeAccepts(std::string_view range, std::string_view media_type) {
  const auto pieces = Split(range, ';');
  for (std::size_t i = 1; i < pieces.size(); ++i) {
    const std::string parameter = ToLower(Trim(pieces[i]));
    if (parameter == "q=0" || (parameter.rfind("q=0.", 0) == 0 &&
                               parameter.find_first_not_of('0', 4) == std::string::npos)) {
      return false;
    }
  }
  const std::string name = ToLower(Trim(pieces[0]));
  const std::string_view kind = media_type.substr(0, media_type.find('/'));
  return name == media_type || name == "*/*" || name == Concat({kind, "/*"});
}

}  // namespace

std::variant<ManifestContent, Problem> ReadManifest(std::string_view bytes,
                                                    std::string_view content_type) {
  auto parsed = json::Parse(bytes, "manifest");
  if (!parsed) {
    return Problem{ApiCode::kManifestInvalid, "json", parsed.error().message(), {}};
  }
  ManifestReader reader(*parsed);
  const std::string_view own_type = parsed->Text("mediaType");
  ManifestContent content;
  content.media_type = std::string(content_type.empty() ? own_type : content_type);
  content.artifact_type = std::string(parsed->Text("artifactType"));
  if (parsed->as_object() == nullptr) {
    reader.Fail(ApiCode::kManifestInvalid, "json", "expected an object");
  } else if (content.media_type.empty()) {
    reader.Fail(ApiCode::kManifestInvalid, "/mediaType", "expected a media type");
  } else if (!own_type.empty() && own_type != content.media_type) {
    reader.Fail(ApiCode::kManifestInvalid, "/mediaType", own_type);
  } else if (media_type::IsImageManifest(content.media_type)) {
    reader.ReadImage(content);
    reader.ReadSubject(content);
  } else if (media_type::IsIndex(content.media_type)) {
    reader.ReadIndex(content);
    reader.ReadSubject(content);
  } else if (content.media_type.rfind(kSchema1, 0) == 0) {
    reader.Fail(ApiCode::kManifestInvalid, "/schemaVersion", "schema 1 is no longer accepted");
  }
  if (const auto problem = reader.problem()) {
    return *problem;
  }
  return content;
}

bool IsManifestType(std::string_view type) {
  return media_type::IsImageManifest(type) || media_type::IsIndex(type);
}

std::string MediaTypeOf(std::string_view content_type) {
  return ToLower(Trim(content_type.substr(0, content_type.find(';'))));
}

bool Accepts(const std::vector<std::string>& accept, std::string_view media_type) {
  if (accept.empty()) {
    return true;
  }
  return std::any_of(accept.begin(), accept.end(), [&](const std::string& header) {
    const auto ranges = Split(header, ',');
    return std::any_of(ranges.begin(), ranges.end(),
                       [&](const std::string& range) { return RangeAccepts(range, media_type); });
  });
}

}  // namespace drydock::simulator
