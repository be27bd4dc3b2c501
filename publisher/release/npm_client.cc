#include "publisher/release/npm_client.h"

#include <algorithm>

#include "core/json.h"
#include "core/text.h"
#include "publisher/registry/authenticator.h"

namespace drydock::publisher {
namespace {

constexpr int kRedirectsMax = 5;
constexpr Duration kRequestDeadline = std::chrono::seconds(60);

// "1.2.3", "1.2.3-beta.1+5": one version and no range.
bool IsConcrete(std::string_view version) {
  const std::size_t core_end = std::min(version.find_first_of("-+"), version.size());
  const auto numbers = Split(version.substr(0, core_end), '.');
  return numbers.size() == 3 &&
         std::all_of(numbers.begin(), numbers.end(),
                     [](const std::string& number) { return ParseUnsigned(number).has_value(); }) &&
         core_end + 1 != version.size() &&
         version.substr(core_end).find_first_not_of(
             "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789.-+") ==
             std::string_view::npos;
}

Url PackageUrl(Url registry, std::string_view package) {
  while (registry.path.ends_with('/')) {
    registry.path.pop_back();
  }
  registry.path += "/" + ReplaceAll(std::string(package), "/", "%2F");
  registry.query.clear();
  return registry;
}

// An answer of npm's: its errors are JSON or text, but not the container registry's.
Failure ClassifyNpm(const AnswerSeen& seen, TimePoint now, std::string_view what) {
  Failure failure = ClassifyAnswer(seen, now);
  if (failure.body != BodyKind::kHtml && failure.body != BodyKind::kXml) {
    failure.answerer = Answerer::kPackageRegistry;
    if (seen.status == 401 || seen.status == 403 || seen.status == 404) {
      failure.persistence = Persistence::kDeterministic;
      failure.next = NextMove::kStop;
      failure.advice = "Check the package's name and the npm registry's address.";
    }
  }
  failure.words = Concat({what, failure.words.empty() ? "" : ": ", failure.words});
  return failure;
}

Failure NotUsable(std::string words, std::string_view advice) {
  Failure failure = LocalFailure(std::move(words), std::string(advice));
  failure.answerer = Answerer::kPackageRegistry;
  return failure;
}

std::vector<std::pair<std::string, std::string>> PinnedOf(const json::Value& manifest) {
  std::vector<std::pair<std::string, std::string>> pinned;
  const json::Value* dependencies = manifest.Find("dependencies");
  if (dependencies == nullptr || dependencies->as_object() == nullptr) {
    return pinned;
  }
  for (const json::Member& dependency : *dependencies->as_object()) {
    const std::string* range = dependency.value.as_string();
    if (range == nullptr) {
      continue;
    }
    const std::string_view exact = Trim(std::string_view(*range).substr(range->starts_with('=')));
    if (IsConcrete(exact) && pinned.size() < kPinnedDependenciesMax) {
      pinned.emplace_back(dependency.key, exact);
    }
  }
  return pinned;
}

}  // namespace

NpmClient::NpmClient(Transport& transport, Clock& clock, Rng rng, Journal& journal, Url registry,
                     RetryBudget budget, std::string actor)
    : transport_(transport),
      clock_(clock),
      registry_(std::move(registry)),
      budget_(budget),
      retrier_(clock, journal, rng.Fork("npm client"), std::move(actor)) {}

Outcome<PackageVersion> NpmClient::Resolve(std::string_view package, std::string_view pinned) {
  if (!pinned.empty() && !IsConcrete(pinned)) {
    return LocalFailure(Concat({package, ": not one concrete version: ", pinned}),
                        "Name a version such as 1.2.3, or none for the newest.");
  }
  const auto metadata = Get(PackageUrl(registry_, package), package);
  if (!metadata) {
    return metadata.failure();
  }
  const auto parsed = json::Parse(metadata.value(), package);
  if (!parsed) {
    return NotUsable(Concat({package, ": the metadata is not JSON"}), "Ask again later.");
  }
  const json::Value* tags = parsed->Find("dist-tags");
  const std::string_view latest = tags == nullptr ? "" : tags->Text("latest");
  const std::string version(pinned.empty() ? latest : pinned);
  if (!IsConcrete(version)) {
    return NotUsable(Concat({package, ": dist-tag latest names no version: ", version}),
                     "Pin the version in the release file.");
  }
  const json::Value* versions = parsed->Find("versions");
  const json::Value* manifest = versions == nullptr ? nullptr : versions->Find(version);
  if (manifest == nullptr) {
    return NotUsable(Concat({package, "@", version, ": not published"}),
                     "Wait until it is published, or name another version.");
  }
  const json::Value* dist = manifest->Find("dist");
  const auto tarball = registry_.Resolve(dist == nullptr ? "" : dist->Text("tarball"));
  if (dist == nullptr || dist->Text("tarball").empty() || !tarball) {
    return NotUsable(Concat({package, "@", version, ": the metadata names no tarball"}),
                     "Name another version.");
  }
  return PackageVersion{std::string(package), version, tarball->ToString(), PinnedOf(*manifest)};
}

Outcome<Ok> NpmClient::CheckInstallable(const PackageVersion& version) {
  if (auto own = CheckTarball(version); !own) {
    return own;
  }
  for (const auto& [package, exact] : version.pinned) {
    const auto dependency = Resolve(package, exact);
    auto checked =
        dependency ? CheckTarball(dependency.value()) : Outcome<Ok>(dependency.failure());
    if (!checked) {
      Failure failure = checked.failure();
      failure.words =
          Concat({version.package, "@", version.version, " depends on it: ", failure.words});
      return failure;
    }
  }
  return Ok{};
}

Outcome<std::string> NpmClient::Get(const Url& url, std::string_view what) {
  return retrier_.RunWithRetry(budget_, Concat({"ask npm for ", what}),
                               [&](int) { return GetOnce(url, what, true); });
}

Outcome<Ok> NpmClient::CheckTarball(const PackageVersion& version) {
  const auto url = Url::Parse(version.tarball);
  if (!url) {
    return NotUsable(url.error().message(), "Name another version.");
  }
  const std::string what = Concat({version.package, "@", version.version, ": the tarball"});
  return retrier_.RunWithRetry(budget_, Concat({"ask npm for ", what}), [&](int) -> Outcome<Ok> {
    auto answered = GetOnce(*url, what, false);
    if (answered) {
      return Ok{};
    }
    Failure failure = answered.failure();
    if (failure.status == 404 && failure.answerer == Answerer::kPackageRegistry) {
      // The metadata is there already: the tarball may follow within minutes.
      failure.persistence = Persistence::kTransient;
      failure.next = NextMove::kRetry;
      failure.advice = "npm announces it, but does not have it yet; try again in some minutes.";
    }
    return failure;
  });
}

// One GET, its redirects followed. `read` gives the body; without it a 200 is enough.
Outcome<std::string> NpmClient::GetOnce(Url url, std::string_view what, bool read) {
  const Deadline deadline = clock_.Elapsed() + kRequestDeadline;
  for (int redirects = 0;; ++redirects) {
    Request request;
    request.url = url;
    request.headers = {
        {"User-Agent", std::string(kUserAgent)},
        {"Accept", read ? "application/vnd.npm.install-v1+json, application/json;q=0.9" : "*/*"}};
    auto response = transport_.Send(std::move(request), deadline);
    if (!response) {
      return ClassifyLoss("GET", url.ToString(), response.error());
    }
    if (response->status == 200 && !read) {
      return std::string();
    }
    auto body = ReadAll(response->body, kPackageMetadataBytesMax);
    if (!body && body.error().code() != ErrorCode::kInvalid) {
      return ClassifyLoss("GET", url.ToString(), body.error());
    }
    if (response->status == 200) {
      if (!body) {
        return NotUsable(Concat({what, ": ", body.error().message()}), "");
      }
      return std::move(*body);
    }
    const auto target = url.Resolve(response->headers.Get("Location"));
    const bool redirect = response->status >= 301 && response->status <= 308 &&
                          response->headers.Has("Location") && target.ok();
    if (!redirect || redirects == kRedirectsMax ||
        (url.scheme == "https" && target->scheme != "https")) {
      return ClassifyNpm({"GET", url.ToString(), response->status, response->headers,
                          body ? *body : std::string()},
                         clock_.Now(), what);
    }
    url = *target;
  }
}

}  // namespace drydock::publisher
