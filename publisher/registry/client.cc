#include "publisher/registry/client.h"

#include <algorithm>
#include <array>

#include "core/json.h"
#include "core/media_type.h"
#include "core/text.h"

namespace drydock::publisher {
namespace {

constexpr int kRedirectsMax = 5;
constexpr int kFreshTokensMax = 2;  // for one request
constexpr std::size_t kFailureBytesMax = 64u << 10;
constexpr std::size_t kPlatformsMax = 256;
// A tag looked at longer ago is looked at again before it is moved.
constexpr Duration kLookGoodFor = std::chrono::seconds(2);

std::string ManifestTypes() {
  return Concat({media_type::kOciIndex, ", ", media_type::kOciManifest, ", ",
                 media_type::kDockerManifestList, ", ", media_type::kDockerManifest});
}

std::string ReferenceText(const ImageReference& reference) {
  return reference.digest ? reference.digest->ToString() : reference.tag.value_or("");
}

std::string ManifestPath(const ImageReference& reference) {
  return Concat({"/v2/", reference.repository, "/manifests/", ReferenceText(reference)});
}

std::string ScopeOf(std::string_view method, std::string_view repository) {
  const bool read = method == "GET" || method == "HEAD";
  return Concat({"repository:", repository, read ? ":pull" : ":pull,push"});
}

std::string_view WithoutParameters(std::string_view media_type) {
  return Trim(media_type.substr(0, media_type.find(';')));
}

bool IsLoopback(std::string_view registry) {
  const std::string_view host = registry.starts_with('[')
                                    ? registry.substr(0, registry.find(']') + 1)
                                    : registry.substr(0, registry.find(':'));
  const bool address = host.find_first_not_of("0123456789.") == std::string_view::npos;
  return host == "localhost" || host == "[::1]" || (address && host.starts_with("127."));
}

bool IsRedirect(int status) {
  return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

// An answer that came, but cannot be right; worth asking again.
Failure Garbled(const ImageReference& reference, std::string_view words) {
  Failure failure;
  failure.answerer = Answerer::kRegistryTier;
  failure.persistence = Persistence::kTransient;
  failure.next = NextMove::kRetry;
  failure.words = Concat({reference.ToString(), ": ", words});
  return failure;
}

// `tag` names neither what it named before nor what it should.
Failure MovedByOthers(const ImageReference& tag, std::string_view now) {
  return LocalFailure(
      Concat({tag.ToString(), ": somebody else moved it meanwhile; it now names ", now}),
      "Find out who publishes the same tag; it was left as it is.");
}

const Digest* DigestOf(const ProbeAnswer& answer) {
  const auto* exists = std::get_if<Exists>(&answer);
  return exists == nullptr ? nullptr : &exists->digest;
}

std::string DigestText(const ProbeAnswer& answer) {
  const Digest* digest = DigestOf(answer);
  return digest == nullptr ? "nothing" : digest->ToString();
}

// Where a tag stands that should come to name `wanted` and named `before`.
enum class Standing { kAsBefore, kMoved, kMovedByOthers };
Standing StandingOf(const ProbeAnswer& now, const Digest& wanted, const ProbeAnswer& before) {
  const Digest* present = DigestOf(now);
  if (present != nullptr && *present == wanted) {
    return Standing::kMoved;
  }
  const Digest* earlier = DigestOf(before);
  const bool same =
      present == nullptr || earlier == nullptr ? present == earlier : *present == *earlier;
  return same ? Standing::kAsBefore : Standing::kMovedByOthers;
}

bool IsAttestation(const json::Value& descriptor) {
  const json::Value* annotations = descriptor.Find("annotations");
  const json::Value* platform = descriptor.Find("platform");
  return (annotations != nullptr && !annotations->Text("vnd.docker.reference.type").empty()) ||
         (platform != nullptr && platform->Text("os") == "unknown");
}

// "linux/amd64" from {"os", "architecture", "variant"}; arm64 is always v8 and goes without.
std::string PlatformText(const json::Value& platform) {
  std::string text = Concat({platform.Text("os"), "/", platform.Text("architecture")});
  const std::string_view variant = platform.Text("variant");
  const bool implied = platform.Text("architecture") == "arm64" && variant == "v8";
  return variant.empty() || implied ? text : Concat({text, "/", variant});
}

// Up to `bytes_max` of a body; what follows is dropped. An error leaves what came before it.
struct Beginning {
  std::string bytes;
  bool whole = true;
  std::optional<Error> error;
};
Beginning ReadBeginning(Body& body, std::size_t bytes_max) {
  Beginning beginning;
  std::array<char, 16384> piece{};
  while (true) {
    const auto size = body.Read(piece);
    if (!size) {
      beginning.error = size.error();
      return beginning;
    }
    if (*size == 0) {
      return beginning;
    }
    const std::size_t room = bytes_max - beginning.bytes.size();
    beginning.bytes.append(piece.data(), std::min(*size, room));
    if (*size > room) {
      beginning.whole = false;
      return beginning;
    }
  }
}

}  // namespace

struct RegistryClient::Answer {
  AnswerSeen seen;
  bool whole = true;  // all of the body is there
  bool home = true;   // from the registry's own origin, not from where it redirected to
};

RegistryClient::RegistryClient(Transport& transport, Clock& clock, Rng rng, Journal& journal,
                               Options options)
    : transport_(transport),
      clock_(clock),
      options_(std::move(options)),
      authenticator_(transport, clock, options_.credentials, options_.request_deadline),
      retrier_(clock, journal, rng.Fork("registry client"), options_.actor) {}

// One request and its answer, without authentication and redirects.
RegistryClient::Asked RegistryClient::Exchange(std::string_view method, const Url& url,
                                               const Headers& headers, std::string_view body) {
  Request request;
  request.method = std::string(method);
  request.url = url;
  request.headers = headers;
  request.headers.Set("User-Agent", kUserAgent);
  request.body = Body::FromString(std::string(body));
  auto response = transport_.Send(std::move(request), clock_.Elapsed() + options_.request_deadline);
  if (!response) {
    return ClassifyLoss(method, url.ToString(), response.error());
  }
  const bool success = response->status >= 200 && response->status < 300;
  auto beginning = ReadBeginning(response->body, success ? kManifestBytesMax : kFailureBytesMax);
  const bool cancelled = beginning.error && beginning.error->code() == ErrorCode::kCancelled;
  if (cancelled || (beginning.error && success && method == "GET")) {
    return ClassifyLoss(method, url.ToString(), *beginning.error);
  }
  Answer answer;
  answer.seen = {std::string(method), url.ToString(), response->status,
                 std::move(response->headers), std::move(beginning.bytes)};
  answer.whole = beginning.whole;
  return answer;
}

// Follows the redirects of a read; the login stays behind at the registry's own origin.
RegistryClient::Asked RegistryClient::Follow(std::string_view method, Url url, Headers headers,
                                             std::string_view body) {
  const std::string origin = url.Origin();
  for (int redirects = 0;; ++redirects) {
    auto asked = Exchange(method, url, headers, body);
    if (asked) {
      asked->home = url.Origin() == origin;
    }
    const bool read = method == "GET" || method == "HEAD";
    if (!asked || !IsRedirect(asked->seen.status) || !read || redirects == kRedirectsMax) {
      return asked;
    }
    const auto target = url.Resolve(asked->seen.headers.Get("Location"));
    const bool downgrade = target.ok() && url.scheme == "https" && target->scheme != "https";
    if (!target || downgrade || !asked->seen.headers.Has("Location")) {
      return asked;
    }
    url = *target;
    if (url.Origin() != origin) {
      headers.Remove("Authorization");
    }
  }
}

RegistryClient::Asked RegistryClient::SendOnce(std::string_view method,
                                               const ImageReference& reference,
                                               std::string_view path, const Headers& headers,
                                               std::string_view body) {
  const std::string& registry = reference.registry;
  const std::string scope = ScopeOf(method, reference.repository);
  Url url = RegistryOrigin(registry, options_.plain_http);
  const Url origin = url;
  url.path = std::string(path);
  std::string authorization = authenticator_.Remembered(registry, scope);
  for (int fresh = 0;; ++fresh) {
    Headers sent = headers;
    if (!authorization.empty()) {
      sent.Set("Authorization", authorization);
    }
    auto asked = Follow(method, url, sent, body);
    if (!asked || asked->seen.status != 401 || !asked->home) {
      return asked;
    }
    Failure refused = ClassifyAnswer(asked->seen, clock_.Now());
    const bool password_refused = authorization.starts_with("Basic ");
    const bool scope_refused = !authorization.empty() && refused.next == NextMove::kStop;
    if (password_refused || scope_refused || fresh == kFreshTokensMax) {
      refused.persistence = Persistence::kDeterministic;
      refused.next = NextMove::kStop;
      refused.advice = scope_refused ? refused.advice
                                     : "Check the login; if it is right, the registry's login "
                                       "service is out of order and the run can be resumed later.";
      authenticator_.Forget(registry, scope);
      return refused;
    }
    const auto challenges = asked->seen.headers.All("WWW-Authenticate");
    if (!BestChallenge(challenges)) {
      return refused;
    }
    authenticator_.Forget(registry, scope);
    auto answered = authenticator_.Answer(registry, origin, scope, challenges);
    if (!answered) {
      return answered.failure();
    }
    authorization = answered.value();
  }
}

Outcome<Ok> RegistryClient::Ping(std::string_view registry) {
  Url url = RegistryOrigin(registry, options_.plain_http);
  url.path = "/v2/";
  const Headers headers = {{"Accept", "application/json"}};
  return retrier_.RunWithRetry(
      options_.budget, Concat({"ping ", registry}), [&](int) -> Outcome<Ok> {
        auto asked = Exchange("GET", url, headers, "");
        if (!asked) {
          return asked.failure();
        }
        const AnswerSeen& seen = asked->seen;
        const bool page = KindOfBody(seen.headers, seen.body) == BodyKind::kHtml;
        if (!page && (seen.status == 200 || seen.status == 401)) {
          return Ok{};
        }
        return ClassifyAnswer(seen, clock_.Now());
      });
}

ProbeAnswer RegistryClient::Probe(const ImageReference& reference) {
  auto probed = retrier_.RunWithRetry(
      options_.budget, Concat({"probe ", reference.ToString()}),
      [&](int) -> Outcome<ProbeAnswer> { return Known(ProbeOnce(reference)); });
  return probed ? std::move(probed.value()) : ProbeAnswer(Unknown{probed.failure()});
}

ProbeAnswer RegistryClient::ProbeOnce(const ImageReference& reference) {
  if (!reference.tag && !reference.digest) {
    return Unknown{LocalFailure(Concat({"neither tag nor digest: ", reference.ToString()}))};
  }
  const Headers headers = {{"Accept", ManifestTypes()}};
  const std::string path = ManifestPath(reference);
  auto head = SendOnce("HEAD", reference, path, headers, "");
  if (!head) {
    return Unknown{head.failure()};
  }
  if (head->seen.status == 200) {
    const auto digest = Digest::Parse(head->seen.headers.Get("Docker-Content-Digest"));
    if (digest && reference.digest && *digest != *reference.digest) {
      return Unknown{Garbled(reference, "answered with another digest")};
    }
    if (digest) {
      const auto type = WithoutParameters(head->seen.headers.Get("Content-Type"));
      return Exists{*digest, std::string(type)};
    }
  } else if (head->seen.status != 404) {
    return Unknown{ClassifyAnswer(head->seen, clock_.Now())};
  }
  // Without a body nobody can tell whose 404 it is; without its header, which digest.
  auto manifest = GetManifestOnce(reference);
  if (manifest) {
    return Exists{manifest->digest, manifest->media_type};
  }
  const Failure& why = manifest.failure();
  const bool own_words =
      why.status == 404 && why.answerer == Answerer::kRegistry &&
      (why.code == "MANIFEST_UNKNOWN" || why.code == "NAME_UNKNOWN" || why.code == "NOT_FOUND");
  return own_words ? ProbeAnswer(Missing{}) : ProbeAnswer(Unknown{why});
}

Outcome<ProbeAnswer> RegistryClient::Known(ProbeAnswer answer) {
  if (const auto* unknown = std::get_if<Unknown>(&answer)) {
    return unknown->why;
  }
  return answer;
}

Outcome<Manifest> RegistryClient::GetManifest(const ImageReference& reference) {
  return retrier_.RunWithRetry(options_.budget, Concat({"read ", reference.ToString()}),
                               [&](int) { return GetManifestOnce(reference); });
}

Outcome<Manifest> RegistryClient::GetManifestOnce(const ImageReference& reference) {
  if (!reference.tag && !reference.digest) {
    return LocalFailure(Concat({"neither tag nor digest: ", reference.ToString()}));
  }
  auto asked =
      SendOnce("GET", reference, ManifestPath(reference), {{"Accept", ManifestTypes()}}, "");
  if (!asked) {
    return asked.failure();
  }
  AnswerSeen& seen = asked->seen;
  if (seen.status != 200) {
    return ClassifyAnswer(seen, clock_.Now());
  }
  if (!asked->whole) {
    return LocalFailure(Concat(
        {reference.ToString(), ": the manifest is longer than ", HumanBytes(kManifestBytesMax)}));
  }
  if (KindOfBody(seen.headers, seen.body) == BodyKind::kHtml) {
    return ClassifyAnswer(seen, clock_.Now());
  }
  const auto told = Digest::Parse(seen.headers.Get("Docker-Content-Digest"));
  const Digest* expected = reference.digest ? &*reference.digest : told ? &*told : nullptr;
  const Digest digest =
      Digest::Of(seen.body, expected == nullptr ? DigestAlgorithm::kSha256 : expected->algorithm());
  if (expected != nullptr && digest != *expected) {
    return Garbled(reference, Concat({"the bytes served hash to ", digest.ToString(), ", expected ",
                                      expected->ToString()}));
  }
  std::string type(WithoutParameters(seen.headers.Get("Content-Type")));
  if (!media_type::IsIndex(type) && !media_type::IsImageManifest(type)) {
    const auto parsed = json::Parse(seen.body, "manifest");
    type = parsed && !parsed->Text("mediaType").empty() ? parsed->Text("mediaType") : type;
  }
  return Manifest{std::move(seen.body), std::move(type), digest};
}

Outcome<Promotion> RegistryClient::Promote(const ImageReference& from, const ImageReference& to) {
  if (!to.tag || to.digest || to.registry != from.registry || to.repository != from.repository) {
    return LocalFailure(Concat({"promote: expected a tag in the same repository as ",
                                from.ToString(), ": ", to.ToString()}));
  }
  ImageReference source = from;
  if (!source.digest) {
    const ProbeAnswer named = Probe(from);
    if (const auto* unknown = std::get_if<Unknown>(&named)) {
      return unknown->why;
    }
    if (std::holds_alternative<Missing>(named)) {
      return LocalFailure(Concat({"promote: not in the registry: ", from.ToString()}),
                          "Publish it first.");
    }
    source.digest = *DigestOf(named);
  }
  const Digest digest = *source.digest;
  Duration looked = clock_.Elapsed();
  const ProbeAnswer before = Probe(to);
  if (const auto* unknown = std::get_if<Unknown>(&before)) {
    return unknown->why;
  }
  const Digest* present = DigestOf(before);
  const std::string had = present == nullptr ? "" : present->ToString();
  if (present != nullptr && *present == digest) {
    return Promotion{Promotion::How::kAlreadyThere, digest, had};
  }
  const auto manifest = GetManifest(source);
  if (!manifest) {
    return manifest.failure();
  }
  if (const auto put = PutTag(manifest.value(), to, before, looked); !put) {
    return put.failure();
  }
  const auto how = ReadBack(to, digest, before);
  if (!how) {
    return how.failure();
  }
  return Promotion{how.value(), digest, had};
}

Outcome<Ok> RegistryClient::PutTag(const Manifest& manifest, const ImageReference& to,
                                   const ProbeAnswer& before, Duration looked) {
  bool unsettled = false;
  // Ok when the tag has moved, nullopt when it stands as before, else why nothing may be sent.
  const auto look = [&]() -> std::optional<Outcome<Ok>> {
    const ProbeAnswer now = ProbeOnce(to);
    if (const auto* unknown = std::get_if<Unknown>(&now)) {
      Failure why = unknown->why;
      why.next = unsettled ? NextMove::kAsk : why.next;
      return why;
    }
    unsettled = false;
    switch (StandingOf(now, manifest.digest, before)) {
      case Standing::kMoved:
        return Ok{};
      case Standing::kMovedByOthers:
        return MovedByOthers(to, DigestText(now));
      case Standing::kAsBefore:
        break;
    }
    return std::nullopt;
  };
  auto put = retrier_.RunWithRetry(
      options_.budget, Concat({"move ", to.ToString()}), [&](int attempt) -> Outcome<Ok> {
        if (attempt > 1 || clock_.Elapsed() - looked > kLookGoodFor) {
          if (auto settled = look()) {
            return *settled;
          }
        }
        auto written = PutOnce(manifest, to);
        unsettled = !written && written.failure().next == NextMove::kAsk;
        return written;
      });
  if (put || !unsettled || put.failure().cancelled) {
    return put;
  }
  // The last attempt's answer was lost as well: find out before giving up.
  if (auto settled = look()) {
    return *settled;
  }
  Failure failure = put.failure();
  failure.next = NextMove::kRetry;
  return failure;
}

Outcome<Ok> RegistryClient::PutOnce(const Manifest& manifest, const ImageReference& to) {
  const Headers headers = {{"Content-Type", manifest.media_type}, {"Accept", "application/json"}};
  auto asked = SendOnce("PUT", to, ManifestPath(to), headers, manifest.bytes);
  if (!asked) {
    return asked.failure();
  }
  if (asked->seen.status != 201) {
    return ClassifyAnswer(asked->seen, clock_.Now());
  }
  const auto told = Digest::Parse(asked->seen.headers.Get("Docker-Content-Digest"));
  if (told && *told != manifest.digest) {
    return LocalFailure(Concat({to.ToString(), ": the registry took ", manifest.digest.ToString(),
                                " and says that it is ", told->ToString()}),
                        "The registry changes manifests; do not promote by reference there.");
  }
  return Ok{};
}

Outcome<Promotion::How> RegistryClient::ReadBack(const ImageReference& to, const Digest& digest,
                                                 const ProbeAnswer& before) {
  bool moved_by_others = false;
  const auto seen = retrier_.RunWithRetry(
      options_.read_back, Concat({"read back ", to.ToString()}), [&](int) -> Outcome<Ok> {
        const ProbeAnswer now = ProbeOnce(to);
        if (const auto* unknown = std::get_if<Unknown>(&now)) {
          return unknown->why;
        }
        switch (StandingOf(now, digest, before)) {
          case Standing::kMoved:
            return Ok{};
          case Standing::kMovedByOthers:
            moved_by_others = true;
            return MovedByOthers(to, DigestText(now));
          case Standing::kAsBefore:
            break;
        }
        return Garbled(to, Concat({"still names ", DigestText(before)}));
      });
  if (seen) {
    return Promotion::How::kMoved;
  }
  if (!moved_by_others && !seen.failure().cancelled) {
    return Promotion::How::kMovedNotSeen;
  }
  Failure failure = seen.failure();
  failure.next = failure.cancelled ? NextMove::kAsk : failure.next;
  return failure;
}

Outcome<Platforms> RegistryClient::PlatformsOf(const ImageReference& reference) {
  const auto manifest = GetManifest(reference);
  if (!manifest) {
    return manifest.failure();
  }
  if (!media_type::IsIndex(manifest->media_type)) {
    return PlatformOfConfig(reference, manifest.value());
  }
  const auto parsed = json::Parse(manifest->bytes, reference.ToString());
  const json::Value* children = parsed ? parsed->Find("manifests") : nullptr;
  if (children == nullptr || children->as_array() == nullptr) {
    return LocalFailure(Concat({reference.ToString(), ": an index without manifests"}));
  }
  Platforms platforms;
  for (const json::Value& child : *children->as_array()) {
    const json::Value* platform = child.Find("platform");
    if (platform != nullptr && !IsAttestation(child) && platforms.size() < kPlatformsMax) {
      platforms.push_back(PlatformText(*platform));
    }
  }
  return platforms;
}

Outcome<Platforms> RegistryClient::PlatformOfConfig(const ImageReference& image,
                                                    const Manifest& manifest) {
  const auto parsed = json::Parse(manifest.bytes, image.ToString());
  const json::Value* config = parsed ? parsed->Find("config") : nullptr;
  const auto digest =
      Digest::Parse(config == nullptr ? std::string_view() : config->Text("digest"));
  if (!digest) {
    return LocalFailure(Concat({image.ToString(), ": a manifest without config"}));
  }
  return retrier_.RunWithRetry(
      options_.budget, Concat({"read the config of ", image.ToString()}),
      [&](int) -> Outcome<Platforms> {
        const std::string path = Concat({"/v2/", image.repository, "/blobs/", digest->ToString()});
        auto asked = SendOnce("GET", image, path, {{"Accept", "*/*"}}, "");
        if (!asked) {
          return asked.failure();
        }
        if (asked->seen.status != 200) {
          return ClassifyAnswer(asked->seen, clock_.Now());
        }
        if (Digest::Of(asked->seen.body, digest->algorithm()) != *digest) {
          return Garbled(image, "the config served has another digest");
        }
        const auto platform = json::Parse(asked->seen.body, image.ToString());
        if (!platform) {
          return LocalFailure(platform.error().message());
        }
        return Platforms{PlatformText(*platform)};
      });
}

Url RegistryOrigin(std::string_view registry, const std::set<std::string>& plain_http) {
  Url url;
  const bool plain = plain_http.count(std::string(registry)) > 0 || IsLoopback(registry);
  url.scheme = plain ? "http" : "https";
  url.host = registry == "docker.io" ? "registry-1.docker.io" : std::string(registry);
  return url;
}

}  // namespace drydock::publisher
