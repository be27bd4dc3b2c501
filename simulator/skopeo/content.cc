#include "simulator/skopeo/content.h"

#include <utility>

#include "core/file.h"
#include "core/json.h"
#include "core/media_type.h"
#include "core/text.h"

namespace drydock::simulator::skopeo {
namespace {

// A killed actor's error stays as it is: it is no answer of a registry.
Error At(const Error& error, std::string_view where) {
  return error.code() == ErrorCode::kCancelled ? error : error.At(where);
}

Error Unwanted(Response& response, std::string_view where) {
  return Error(ErrorCode::kInvalid, ComplaintAbout(response)).At(where);
}

Result<Bytes> ReadBlobFile(const std::string& folder, const Digest& digest) {
  auto text = ReadWholeFile(Concat({folder, "/blobs/sha256/", digest.hex()}));
  if (!text) {
    return text.error();
  }
  return std::make_shared<const std::string>(std::move(*text));
}

Result<Digest> DigestAt(const json::Value& descriptor) {
  return Digest::Parse(descriptor.Text("digest"));
}

Status Collect(const json::Value* list, std::vector<Digest>& into) {
  if (list == nullptr || list->as_array() == nullptr) {
    return Ok{};
  }
  for (const json::Value& descriptor : *list->as_array()) {
    const auto digest = DigestAt(descriptor);
    if (!digest) {
      return digest.error();
    }
    into.push_back(*digest);
  }
  return Ok{};
}

// Whether skopeo takes the complaint for one about the manifest's type (c/image's
// isManifestInvalidError).
bool IsAboutTheType(std::string_view complaint) {
  return complaint.starts_with("manifest invalid") || complaint.starts_with("tag invalid") ||
         complaint == "unsupported: Invalid JSON syntax";
}

}  // namespace

Result<Parts> PartsOf(const Manifest& manifest) {
  const auto parsed = json::Parse(*manifest.bytes, "manifest");
  if (!parsed) {
    return parsed.error();
  }
  Parts parts;
  Status read = Collect(parsed->Find("manifests"), parts.children);
  if (read) {
    read = Collect(parsed->Find("layers"), parts.layers);
  }
  if (!read) {
    return read.error();
  }
  if (const json::Value* config = parsed->Find("config")) {
    const auto digest = DigestAt(*config);
    if (!digest) {
      return digest.error();
    }
    parts.config = *digest;
  }
  return parts;
}

Result<Manifest> LayoutSource::Top() {
  const auto text = ReadWholeFile(folder_ + "/index.json");
  const auto parsed = text ? json::Parse(*text, folder_ + "/index.json") : text.error();
  if (!parsed) {
    return parsed.error();
  }
  const json::Value* entry = parsed->At("/manifests/0");
  const auto digest =
      entry == nullptr ? Error(ErrorCode::kInvalid, "no image found in oci") : DigestAt(*entry);
  if (!digest) {
    return digest.error();
  }
  const auto bytes = ReadBlobFile(folder_, *digest);
  if (!bytes) {
    return bytes.error();
  }
  return Manifest{std::string(entry->Text("mediaType")), *bytes, *digest};
}

Result<Manifest> LayoutSource::Child(const Digest& digest) {
  const auto bytes = ReadBlobFile(folder_, digest);
  if (!bytes) {
    return bytes.error();
  }
  const auto parsed = json::Parse(**bytes, "manifest");
  const std::string_view said = parsed ? parsed->Text("mediaType") : "";
  return Manifest{std::string(said.empty() ? media_type::kOciManifest : said), *bytes, digest};
}

Result<Bytes> LayoutSource::Blob(const Digest& digest) { return ReadBlobFile(folder_, digest); }

Result<Manifest> RegistrySource::Get(const std::string& reference) {
  Session::Call get;
  get.url = session_.At("manifests/" + reference);
  get.manifests = true;
  const std::string where =
      Concat({"reading manifest ", reference, " in ", session_.image().Name()});
  auto answer = session_.Send(get);
  if (!answer) {
    return At(answer.error(), where);
  }
  if (answer->status != 200) {
    return Unwanted(*answer, where);
  }
  const std::string type(answer->headers.Get("Content-Type"));
  auto text = ReadAll(answer->body, kBytesMax);
  if (!text) {
    return At(text.error(), where);
  }
  const Digest digest = Digest::Of(*text);
  return Manifest{type.substr(0, type.find(';')),
                  std::make_shared<const std::string>(std::move(*text)), digest};
}

Result<Manifest> RegistrySource::Top() {
  auto top = Get(session_.image().tag.value_or("latest"));
  return top ? std::move(top)
             : At(top.error(),
                  Concat({"initializing source docker://", session_.image().ToString()}));
}

Result<Manifest> RegistrySource::Child(const Digest& digest) { return Get(digest.ToString()); }

Result<Bytes> RegistrySource::Blob(const Digest& digest) {
  Session::Call get;
  get.url = session_.At(Concat({"blobs/", digest.ToString()}));
  const std::string where = Concat({"reading blob ", digest.ToString()});
  auto answer = session_.Send(get);
  if (!answer) {
    return At(answer.error(), where);
  }
  if (answer->status != 200) {
    return Error(ErrorCode::kInvalid,
                 Concat({where, ": Error fetching blob: invalid status code from registry ",
                         StatusInBrackets(*answer)}));
  }
  auto text = ReadAll(answer->body, kBytesMax);
  if (!text) {
    return At(Error(text.error().code(), "happened during read: connection reset by peer"),
              "writing blob");
  }
  return std::make_shared<const std::string>(std::move(*text));
}

Result<bool> Destination::Has(const Digest& blob) {
  Session::Call head;
  head.method = "HEAD";
  head.url = session_.At(Concat({"blobs/", blob.ToString()}));
  const auto answer = session_.Send(head);
  if (!answer) {
    return answer.error();
  }
  if (answer->status != 200 && answer->status != 404) {
    return Error(ErrorCode::kInvalid,
                 Concat({"failed to read from destination repository ", image().repository, ": ",
                         StatusInBrackets(*answer)}));
  }
  return answer->status == 200;
}

Status Destination::PutBlob(const Digest& digest, const Bytes& bytes) {
  const auto there = Has(digest);
  if (!there || *there) {
    return there ? Status(Ok{}) : At(there.error(), "writing blob");
  }
  Session::Call post;
  post.method = "POST";
  post.url = session_.At("blobs/uploads/");
  auto answer = session_.Send(post);
  if (!answer) {
    return At(answer.error(), "writing blob");
  }
  if (answer->status != 202) {
    return Unwanted(*answer, Concat({"writing blob: initiating layer upload to ", post.url.path,
                                     " in ", post.url.host}));
  }
  Session::Call patch;
  patch.method = "PATCH";
  patch.content_type = media_type::kOctetStream;
  patch.body = bytes;
  auto location = post.url.Resolve(answer->headers.Get("Location"));
  if (!location) {
    return At(location.error(), "writing blob: determining upload URL");
  }
  patch.url = *location;
  answer = session_.Send(patch);
  if (!answer) {
    return At(answer.error(), "writing blob");
  }
  if (answer->status < 200 || answer->status > 299) {
    return Unwanted(*answer, "writing blob: uploading layer chunked");
  }
  location = patch.url.Resolve(answer->headers.Get("Location"));
  if (!location) {
    return At(location.error(), "writing blob: determining upload URL");
  }
  Session::Call put;
  put.method = "PUT";
  put.content_type = media_type::kOctetStream;
  put.url = *location;
  put.url.query +=
      Concat({put.url.query.empty() ? "" : "&", "digest=", PercentEncode(digest.ToString())});
  answer = session_.Send(put);
  if (!answer) {
    return At(answer.error(), "writing blob");
  }
  if (answer->status != 201) {
    return Unwanted(*answer, Concat({"writing blob: uploading layer to ", put.url.ToString()}));
  }
  return Ok{};
}

Status Destination::PutManifest(const Manifest& manifest, bool tag) {
  const std::string reference = tag ? image().tag.value_or("latest") : manifest.digest.ToString();
  Session::Call put;
  put.method = "PUT";
  put.url = session_.At("manifests/" + reference);
  put.content_type = manifest.media_type;
  put.body = manifest.bytes;
  auto answer = session_.Send(put);
  if (!answer) {
    return answer.error();
  }
  if (answer->status < 200 || answer->status > 299) {
    const std::string complaint = ComplaintAbout(*answer);
    return Error(IsAboutTheType(complaint) ? ErrorCode::kConflict : ErrorCode::kInvalid, complaint)
        .At(Concat({"uploading manifest ", reference, " to ", image().Name()}));
  }
  return Ok{};
}

}  // namespace drydock::simulator::skopeo
