#include "publisher/registry/client.h"

#include "core/json.h"
#include "core/media_type.h"
#include "core/text.h"

namespace drydock::publisher {
namespace {

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

std::string_view WithoutParameters(std::string_view media_type) {
  return Trim(media_type.substr(0, media_type.find(';')));
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

// The registry has answered enough GETs of manifests for hours.
bool IsPullLimit(const Failure& failure) {
  return failure.status == 429 && failure.next == NextMove::kStop &&
         failure.persistence == Persistence::kTransient;
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

}  // namespace

RegistryClient::RegistryClient(Transport& transport, Clock& clock, Rng rng, Journal& journal,
                               Options options)
    : clock_(clock),
      options_(std::move(options)),
      session_(transport, clock, options_.credentials, options_.plain_http,
               RequestTime{.run_ends = options_.budget.deadline}, options_.tokens),
      retrier_(clock, journal, rng.Fork("registry client"), options_.actor, options_.on_wait) {}

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
  auto head = session_.Send("HEAD", reference, path, headers, "");
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
  } else if (head->seen.status != 404 && head->seen.status != 405 && head->seen.status != 501) {
    return Unknown{ClassifyAnswer(head->seen, clock_.Now())};
  }
  // Without a body nobody can tell whose 404 it is; without its header, which digest. Some
  // registries let HEAD through nowhere.
  auto manifest = ReadManifest(reference);
  if (manifest) {
    return Exists{manifest->digest, manifest->media_type};
  }
  const Failure& why = manifest.failure();
  // That the pull limit is the registry's own, its 429 says; whose the 404 was, its header.
  if (head->seen.status == 404 && IsPullLimit(why) &&
      ClassifyAnswer(head->seen, clock_.Now()).answerer == Answerer::kRegistry) {
    return Missing{};
  }
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
  const auto known = reference.digest ? known_.find(*reference.digest) : known_.end();
  if (pulls_used_up_ && known != known_.end()) {
    return SeeByHead(known->second, reference);
  }
  auto manifest = ReadManifest(reference);
  const bool limited = !manifest && pulls_used_up_ && known != known_.end();
  return limited ? SeeByHead(known->second, reference) : manifest;
}

Outcome<Manifest> RegistryClient::ReadManifest(const ImageReference& reference) {
  auto asked =
      session_.Send("GET", reference, ManifestPath(reference), {{"Accept", ManifestTypes()}}, "");
  if (!asked) {
    return asked.failure();
  }
  AnswerSeen& seen = asked->seen;
  if (seen.status != 200) {
    Failure failure = ClassifyAnswer(seen, clock_.Now());
    pulls_used_up_ = pulls_used_up_ || IsPullLimit(failure);
    return failure;
  }
  if (!asked->whole) {
    return LocalFailure(Concat(
        {reference.ToString(), ": the manifest is longer than ", HumanBytes(kManifestBytesMax)}));
  }
  if (KindOfBody(seen.headers, seen.body) == BodyKind::kHtml) {
    return ClassifyAnswer(seen, clock_.Now());
  }
  ++manifest_gets_;
  pulls_left_ = seen.headers.Get("RateLimit-Remaining");
  const auto told = Digest::Parse(seen.headers.Get("Docker-Content-Digest"));
  const Digest* expected = reference.digest ? &*reference.digest : told ? &*told : nullptr;
  const Digest digest =
      Digest::Of(seen.body, expected == nullptr ? DigestAlgorithm::kSha256 : expected->algorithm());
  if (expected != nullptr && digest != *expected) {
    Failure failure = Garbled(reference, Concat({"the bytes served hash to ", digest.ToString(),
                                                 ", expected ", expected->ToString()}));
    failure.other_bytes = true;
    return failure;
  }
  std::string type(WithoutParameters(seen.headers.Get("Content-Type")));
  if (!media_type::IsIndex(type) && !media_type::IsImageManifest(type)) {
    const auto parsed = json::Parse(seen.body, "manifest");
    type = parsed && !parsed->Text("mediaType").empty() ? parsed->Text("mediaType") : type;
  }
  Manifest manifest{std::move(seen.body), std::move(type), digest};
  seen_by_head_.erase(digest);
  Know(manifest);
  return manifest;
}

Outcome<Promotion> RegistryClient::Promote(const ImageReference& from, const ImageReference& to,
                                           const std::optional<std::string>& before) {
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
  return Move(
      *source.digest, to, [&] { return GetManifest(source); }, {}, before);
}

Outcome<Promotion> RegistryClient::Put(const Manifest& manifest, const ImageReference& to,
                                       const Mend& mend) {
  if (!to.tag && !to.digest) {
    return LocalFailure(Concat({"neither tag nor digest: ", to.ToString()}));
  }
  const auto get = [&]() -> Outcome<Manifest> { return manifest; };
  auto put = Move(manifest.digest, to, get, mend);
  if (put || put.failure().cancelled || put.failure().next == NextMove::kAsk) {
    return put;
  }
  // Refused, and perhaps in place all the same: somebody else's doing, or a refusal that lied.
  const ProbeAnswer now = ProbeOnce(to);
  const Digest* present = DigestOf(now);
  if (present != nullptr && *present == manifest.digest) {
    return Promotion{Promotion::How::kMoved, manifest.digest, ""};
  }
  return put;
}

Outcome<Promotion> RegistryClient::Move(const Digest& digest, const ImageReference& to,
                                        const std::function<Outcome<Manifest>()>& get,
                                        const Mend& mend,
                                        const std::optional<std::string>& expected) {
  const Duration looked = clock_.Elapsed();
  const ProbeAnswer before = Probe(to);
  if (const auto* unknown = std::get_if<Unknown>(&before)) {
    return unknown->why;
  }
  const Digest* present = DigestOf(before);
  const std::string had = present == nullptr ? "" : present->ToString();
  if (present != nullptr && *present == digest) {
    return Promotion{Promotion::How::kAlreadyThere, digest, had};
  }
  if (expected && had != *expected) {
    return MovedByOthers(to, DigestText(before));
  }
  const auto manifest = get();
  if (!manifest) {
    return manifest.failure();
  }
  if (const auto put = PutUntilSettled(manifest.value(), to, before, looked, mend); !put) {
    return put.failure();
  }
  auto how = ReadBack(to, digest, before);
  if (how && how.value() == Promotion::How::kMovedNotSeen) {
    how = PutAgain(manifest.value(), to, before);
  }
  if (!how) {
    return how.failure();
  }
  return Promotion{how.value(), digest, had};
}

// What was accepted and never shown is put once more: the same bytes, which harm nobody.
Outcome<Promotion::How> RegistryClient::PutAgain(const Manifest& manifest, const ImageReference& to,
                                                 const ProbeAnswer& before) {
  const ProbeAnswer now = ProbeOnce(to);
  const bool known = !std::holds_alternative<Unknown>(now);
  if (known && StandingOf(now, manifest.digest, before) == Standing::kAsBefore) {
    const auto put = PutOnce(manifest, to);
    (void)put;  // reading back tells what became of it
  }
  return ReadBack(to, manifest.digest, before);
}

Outcome<Ok> RegistryClient::PutUntilSettled(const Manifest& manifest, const ImageReference& to,
                                            const ProbeAnswer& before, Duration looked,
                                            const Mend& mend) {
  bool unsettled = false;
  std::optional<Failure> last;
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
  const std::string what = Concat({to.tag ? "move " : "put ", to.ToString()});
  auto put = retrier_.RunWithRetry(options_.budget, what, [&](int attempt) -> Outcome<Ok> {
    if (attempt > 1 || clock_.Elapsed() - looked > kLookGoodFor) {
      if (auto settled = look()) {
        return *settled;
      }
    }
    if (last && mend) {
      if (auto mended = mend(*last); !mended) {
        return mended;
      }
    }
    auto written = PutOnce(manifest, to);
    last = written ? std::nullopt : std::optional(written.failure());
    unsettled = last && last->next == NextMove::kAsk;
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
  auto asked = session_.Send("PUT", to, ManifestPath(to), headers, manifest.bytes);
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
  Know(manifest);
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

}  // namespace drydock::publisher
