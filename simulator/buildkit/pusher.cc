#include "simulator/buildkit/pusher.h"

#include <algorithm>

#include "core/media_type.h"
#include "core/text.h"

namespace drydock::simulator::buildkit {
namespace {

constexpr std::chrono::seconds kFirstPause{1};
constexpr int kAttemptsMax = 4;
// A pause ends early when the undertaking stops; it is looked at this often.
constexpr std::chrono::milliseconds kStopPoll{50};

bool Succeeded(int status) { return status == 200 || status == 201 || status == 204; }

Status Pause(Clock& clock, Duration span, const Undertaking* work) {
  while (span > Duration()) {
    if (work != nullptr && work->stopped) {
      return Error(ErrorCode::kConflict, "context canceled");
    }
    const Duration slice = work == nullptr ? span : std::min<Duration>(span, kStopPoll);
    if (Status slept = clock.SleepFor(slice); !slept) {
      return slept;
    }
    span -= slice;
  }
  return Ok{};
}

}  // namespace

Status WithRetries(Progress& progress, Progress::Vertex vertex, const Undertaking* work,
                   const std::function<Status()>& attempt) {
  Duration pause = kFirstPause;
  for (int attempts = 1;; ++attempts) {
    Status result = attempt();
    if (result || !IsTransient(result.error())) {
      return result;
    }
    if (work != nullptr && work->stopped) {
      return Error(ErrorCode::kConflict, "context canceled");
    }
    progress.Log(vertex, Concat({"error: ", result.error().message()}));
    if (attempts == kAttemptsMax) {
      return result;
    }
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(pause).count();
    progress.Log(vertex, Concat({"retrying in ", std::to_string(seconds), "s"}));
    if (Status paused = Pause(progress.clock(), pause, work); !paused) {
      return paused;
    }
    pause *= 2;
  }
}

std::string WriteReference(const Descriptor& descriptor) {
  const std::string& type = descriptor.media_type;
  std::string_view kind = "layer";
  if (media_type::IsIndex(type)) {
    kind = "index";
  } else if (media_type::IsImageManifest(type)) {
    kind = "manifest";
  } else if (type == media_type::kOciConfig || type == media_type::kDockerConfig) {
    kind = "config";
  } else if (type == media_type::kInToto) {
    kind = "intoto";
  }
  return Concat({kind, "-", descriptor.digest.ToString()});
}

Result<Response> Pusher::Send(RegistryHost::Call call, const std::string& mount_from) {
  call.access = {repository_, true, mount_from};
  call.work = work_;
  return host_.Send(call);
}

Result<bool> Pusher::HasBlob(const Descriptor& blob) {
  RegistryHost::Call head;
  head.method = "HEAD";
  head.url = host_.At(repository_, Concat({"blobs/", blob.digest.ToString()}));
  head.accept = Concat({blob.media_type, ", */*"});
  const Result<Response> answer = Send(head);
  if (!answer) {
    return answer.error();
  }
  if (answer->status == 200) {
    return true;
  }
  if (answer->status != 404) {
    return UnexpectedStatus(*answer, "HEAD", head.url);
  }
  return false;
}

Result<Url> Pusher::StartUpload(const Descriptor& blob, const std::string& mount_from) {
  RegistryHost::Call post;
  post.method = "POST";
  post.url = host_.At(repository_, "blobs/uploads/");
  if (!mount_from.empty()) {
    RegistryHost::Call mount = post;
    mount.url.query = Concat({"mount=", blob.digest.ToString(), "&from=", mount_from});
    Result<Response> answer = Send(mount, mount_from);
    if (!answer && answer.error().code() != ErrorCode::kDenied) {
      return answer.error();
    }
    if (answer && answer->status == 201) {
      return Url();  // mounted: nothing to upload
    }
    if (answer && answer->status != 401) {
      return answer->status == 202 ? mount.url.Resolve(answer->headers.Get("Location"))
                                   : UnexpectedStatus(*answer, "POST", mount.url);
    }
  }
  const Result<Response> answer = Send(post);
  if (!answer) {
    return answer.error();
  }
  if (answer->status != 202 && !Succeeded(answer->status)) {
    return UnexpectedStatus(*answer, "POST", post.url);
  }
  return post.url.Resolve(answer->headers.Get("Location"));
}

Status Pusher::PushBlob(const Descriptor& blob, const BytesSource& bytes,
                        const std::string& mount_from, const std::string& reference) {
  const Result<bool> present = HasBlob(blob);
  if (!present) {
    return present.error();
  }
  if (*present) {
    return Ok{};
  }
  Result<Url> upload = StartUpload(blob, mount_from);
  if (!upload) {
    return upload.error();
  }
  if (upload->host.empty()) {
    return Ok{};
  }
  Result<std::shared_ptr<const std::string>> content = bytes();
  if (!content) {
    return content.error();
  }
  RegistryHost::Call put;
  put.method = "PUT";
  put.url = std::move(*upload);
  put.url.query +=
      Concat({put.url.query.empty() ? "" : "&", "digest=", PercentEncode(blob.digest.ToString())});
  put.content_type = media_type::kOctetStream;
  put.body = std::move(*content);
  bool whole = true;
  put.body_sent = &whole;
  const Result<Response> answer = Send(put);
  // An answer to half a body shows while the body is copied, any other when it is committed.
  const std::string where =
      whole ? Concat({"failed commit on ref \"", reference, "\""}) : "failed to copy";
  if (!answer) {
    return answer.error().code() == ErrorCode::kAmbiguous ? answer.error().At(where)
                                                          : answer.error();
  }
  if (!Succeeded(answer->status)) {
    return UnexpectedStatus(*answer, "PUT", put.url).At(where);
  }
  return Ok{};
}

Status Pusher::PushManifest(const Content& manifest, std::string_view name,
                            const std::string& reference) {
  const Descriptor& descriptor = manifest.descriptor;
  RegistryHost::Call head;
  head.method = "HEAD";
  head.url = host_.At(repository_, Concat({"manifests/", name}));
  head.accept = Concat({descriptor.media_type, ", */*"});
  Result<Response> answer = Send(head);
  if (!answer) {
    return answer.error();
  }
  const std::string digest = descriptor.digest.ToString();
  if (answer->status == 200 &&
      (name == digest || answer->headers.Get("Docker-Content-Digest") == digest)) {
    return Ok{};
  }
  if (answer->status != 200 && answer->status != 404) {
    return UnexpectedStatus(*answer, "HEAD", head.url);
  }
  RegistryHost::Call put;
  put.method = "PUT";
  put.url = head.url;
  put.content_type = descriptor.media_type;
  put.body = manifest.bytes;
  answer = Send(put);
  const std::string where = Concat({"failed commit on ref \"", reference, "\""});
  if (!answer) {
    return answer.error().code() == ErrorCode::kAmbiguous ? answer.error().At(where)
                                                          : answer.error();
  }
  if (!Succeeded(answer->status)) {
    return UnexpectedStatus(*answer, "PUT", put.url).At(where);
  }
  return Ok{};
}

}  // namespace drydock::simulator::buildkit
