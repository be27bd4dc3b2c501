#include "simulator/buildkit/fetcher.h"

#include <array>

#include "core/text.h"
#include "simulator/buildkit/pusher.h"

namespace drydock::simulator::buildkit {
namespace {

constexpr std::string_view kAnyManifest =
    "application/vnd.docker.distribution.manifest.v2+json, "
    "application/vnd.docker.distribution.manifest.list.v2+json, "
    "application/vnd.oci.image.manifest.v1+json, application/vnd.oci.image.index.v1+json, */*";

// Appends what the body still has; an error leaves what came before it.
Status AppendRest(Body& body, std::string& to) {
  std::array<char, 65536> piece;
  for (;;) {
    const Result<std::size_t> count = body.Read(piece);
    if (!count) {
      return count.error();
    }
    if (*count == 0) {
      return Ok{};
    }
    to.append(piece.data(), *count);
  }
}

Error ReadFailure(const Error& cause, std::string_view peer) {
  if (cause.code() == ErrorCode::kCancelled) {
    return cause;
  }
  return {ErrorCode::kAmbiguous,
          Concat({"read tcp builder->", peer, ": read: connection reset by peer"})};
}

}  // namespace

Result<Descriptor> Fetcher::Resolve(const ImageReference& reference) {
  RegistryHost::Call head;
  head.method = "HEAD";
  head.access = {repository_, false, ""};
  const std::string name =
      reference.digest ? reference.digest->ToString() : reference.tag.value_or("latest");
  head.url = host_.At(repository_, Concat({"manifests/", name}));
  head.accept = kAnyManifest;
  Result<Response> answer = host_.Send(head);
  if (!answer) {
    return answer.error();
  }
  if (answer->status == 404) {
    return Error(ErrorCode::kNotFound, Concat({host_.name(), "/", repository_,
                                               reference.digest ? "@" : ":", name, ": not found"}));
  }
  if (answer->status > 299) {
    return UnexpectedStatus(*answer, "HEAD", head.url);
  }
  Result<Digest> digest = Digest::Parse(answer->headers.Get("Docker-Content-Digest"));
  const std::string type(answer->headers.Get("Content-Type"));
  std::uint64_t size = ParseUnsigned(answer->headers.Get("Content-Length")).value_or(0);
  if (!digest) {
    RegistryHost::Call get = head;
    get.method = "GET";
    answer = host_.Send(get);
    if (!answer) {
      return answer.error();
    }
    if (answer->status > 299) {
      return UnexpectedStatus(*answer, "GET", get.url);
    }
    const Result<std::string> text = ReadAll(answer->body, kManifestBytesMax);
    if (!text) {
      return ReadFailure(text.error(), get.url.host);
    }
    digest = Digest::Of(*text);
    size = text->size();
  }
  return Descriptor{type, *digest, size, {}, std::nullopt};
}

Result<Response> Fetcher::Open(const Descriptor& descriptor, std::string_view kind,
                               std::string_view agent, std::size_t offset) {
  RegistryHost::Call get;
  get.method = "GET";
  get.access = {repository_, false, ""};
  get.url = host_.At(repository_, Concat({kind, "/", descriptor.digest.ToString()}));
  get.accept = Concat({descriptor.media_type, ", */*"});
  get.agent = agent;
  if (offset > 0) {
    get.range = Concat({"bytes=", std::to_string(offset), "-"});
  }
  constexpr std::string_view kWhere = "httpReadSeeker: failed open";
  Result<Response> answer = host_.Send(get);
  if (!answer) {
    return answer.error().At(kWhere);
  }
  if (answer->status == 404) {
    return Error(ErrorCode::kNotFound,
                 Concat({"could not fetch content descriptor ", descriptor.digest.ToString(), " (",
                         descriptor.media_type, ") from remote: not found"}))
        .At(kWhere);
  }
  if (answer->status > 299 || (offset > 0 && answer->status != 206)) {
    // Not typed as a 5xx in BuildKit either: nothing repeats it.
    return Error(ErrorCode::kInvalid,
                 Concat({"unexpected status code ", get.url.ToString(), ": ", StatusText(*answer)}))
        .At(kWhere);
  }
  return answer;
}

Result<std::string> Fetcher::ReadWhole(const Descriptor& descriptor, std::string_view kind) {
  Result<Response> answer = Open(descriptor, kind, "", 0);
  if (!answer) {
    return answer.error();
  }
  Result<std::string> text = ReadAll(answer->body, kManifestBytesMax);
  if (!text) {
    return ReadFailure(text.error(), host_.At("", "").host);
  }
  return text;
}

Result<std::string> Fetcher::Manifest(const Descriptor& descriptor) {
  return ReadWhole(descriptor, "manifests");
}

Result<std::string> Fetcher::SmallBlob(const Descriptor& descriptor) {
  return ReadWhole(descriptor, "blobs");
}

Result<std::shared_ptr<const std::string>> Fetcher::Layer(const Descriptor& descriptor,
                                                          std::string_view agent,
                                                          Progress& progress,
                                                          Progress::Vertex vertex) {
  auto bytes = std::make_shared<std::string>();
  const Status read = WithRetries(progress, vertex, nullptr, [&]() -> Status {
    Result<Response> answer = Open(descriptor, "blobs", agent, bytes->size());
    if (!answer) {
      return answer.error().At("failed to copy");
    }
    if (Status whole = AppendRest(answer->body, *bytes); !whole) {
      return ReadFailure(whole.error(), host_.At("", "").host).At("failed to copy");
    }
    return Ok{};
  });
  if (!read) {
    return read.error();
  }
  return std::shared_ptr<const std::string>(std::move(bytes));
}

}  // namespace drydock::simulator::buildkit
