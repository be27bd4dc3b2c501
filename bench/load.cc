#include "bench/load.h"

#include <cstdlib>
#include <fstream>

#include "bench/trial.h"
#include "core/clock.h"
#include "core/digest.h"
#include "core/text.h"

namespace drydock::bench {
namespace {

constexpr char kEmptyConfig[] = "{}";
constexpr char kManifestType[] = "application/vnd.oci.image.manifest.v1+json";

Error Failed(const std::string& what) { return Error(ErrorCode::kUnavailable, what); }

// "STATUS SECONDS", as curl prints it here.
Result<double> Seconds(const std::string& said, const std::string& status,
                       const std::string& doing) {
  if (said.rfind(status + " ", 0) != 0) {
    return Failed(Concat({doing, ": expected ", status, ", got \"", said, "\""}));
  }
  return std::strtod(said.c_str() + status.size(), nullptr);
}

constexpr char kCurl[] = "curl -s -o /dev/null -w '%{http_code} %{time_total}\\n' ";

// Where a new upload goes, with `digest` in its query.
Result<std::string> CommitUrl(const std::string& url, const std::string& repository,
                              const std::string& digest) {
  std::string location = Output(Concat({"curl -s -o /dev/null -D - -X POST ",
                                        Quoted(url + "/v2/" + repository + "/blobs/uploads/"),
                                        " | tr -d '\\r' | sed -n 's/^[Ll]ocation: //p'"}));
  if (location.empty()) {
    return Failed(url + ": begins no upload");
  }
  if (location.front() == '/') {
    location = url + location;
  }
  return Concat({location, location.find('?') == std::string::npos ? "?" : "&", "digest=", digest});
}

std::string PutFile(const std::string& path, const std::string& commit) {
  return Concat({kCurl, "-H Expect: -H 'Content-Type: application/octet-stream' -T ", Quoted(path),
                 " ", Quoted(commit)});
}

}  // namespace

Result<Cargo> MakeCargo(const std::string& path, std::uint64_t bytes) {
  const std::string digest =
      Output(Concat({"head -c ", std::to_string(bytes), " /dev/urandom >", Quoted(path),
                     " && openssl dgst -sha256 -r ", Quoted(path), " | cut -d' ' -f1"}));
  if (digest.empty()) {
    return Failed(path + ": cannot be written");
  }
  return Cargo{path, bytes, "sha256:" + digest};
}

Result<double> Push(const std::string& url, const std::string& repository, const Cargo& cargo) {
  const Result<std::string> commit = CommitUrl(url, repository, cargo.digest);
  return commit ? Seconds(Output(PutFile(cargo.path, *commit)), "201", url + ": push")
                : commit.error();
}

Result<double> PushTogether(const std::string& url, const std::string& repository,
                            const Cargo& cargo, int count) {
  std::string together;
  for (int number = 1; number <= count; ++number) {
    const Result<std::string> commit =
        CommitUrl(url, Concat({repository, "-", std::to_string(number)}), cargo.digest);
    if (!commit) {
      return commit.error();
    }
    together += PutFile(cargo.path, *commit) + " &\n";
  }
  SystemClock clock;
  const Duration begin = clock.Elapsed();
  const std::string said = Output(together + "wait");
  const Duration took = clock.Elapsed() - begin;
  for (const std::string& line : Split(said, '\n')) {
    if (const Result<double> one = Seconds(line, "201", url + ": pushes"); !one) {
      return one.error();
    }
  }
  return std::chrono::duration<double>(took).count();
}

Result<double> Pull(const std::string& url, const Cargo& cargo) {
  const std::string said = Output(Concat(
      {"curl -s -o /dev/null -w '%{http_code}/%{size_download} %{time_total}\\n' ", Quoted(url)}));
  return Seconds(said, Concat({"200/", std::to_string(cargo.bytes)}), url + ": pull");
}

Result<double> PullBlob(const std::string& url, const std::string& repository, const Cargo& cargo) {
  return Pull(Concat({url, "/v2/", repository, "/blobs/", cargo.digest}), cargo);
}

Result<double> WriteDurably(const std::string& folder, const Cargo& cargo) {
  const std::string file = folder + "/durable";
  SystemClock clock;
  const Duration begin = clock.Elapsed();
  const Status written = Shell(folder, Concat({"dd if=", Quoted(cargo.path), " of=", Quoted(file),
                                               " bs=256k conv=fdatasync status=none"}));
  const Duration took = clock.Elapsed() - begin;
  static_cast<void>(Shell(folder, "rm -f " + Quoted(file)));
  return written ? Result<double>(std::chrono::duration<double>(took).count()) : written.error();
}

Status PutManifest(const std::string& url, const std::string& repository,
                   const std::string& folder) {
  const std::string digest = Digest::Of(kEmptyConfig).ToString();
  const Result<std::string> commit = CommitUrl(url, repository, digest);
  if (!commit) {
    return commit.error();
  }
  const std::string manifest =
      Concat({R"({"schemaVersion":2,"mediaType":")", kManifestType,
              R"(","config":{"mediaType":"application/vnd.oci.image.config.v1+json","digest":")",
              digest, R"(","size":2},"layers":[]})"});
  std::ofstream(folder + "/config") << kEmptyConfig;
  std::ofstream(folder + "/manifest") << manifest;
  Result<double> put = Seconds(Output(PutFile(folder + "/config", *commit)), "201", url);
  if (put) {
    put = Seconds(
        Output(Concat({kCurl, "-X PUT -H 'Content-Type: ", kManifestType, "' --data-binary @",
                       Quoted(folder + "/manifest"), " ", Quoted(ManifestUrl(url, repository))})),
        "201", url);
  }
  return put ? Status(Ok()) : Status(put.error());
}

std::string ManifestUrl(const std::string& url, const std::string& repository) {
  return Concat({url, "/v2/", repository, "/manifests/v1"});
}

Result<double> GetRate(const std::string& url) {
  const std::string said = Output(Concat(
      {"wrk -t 1 -c 8 -d 2s -H ", Quoted(Concat({"Accept: ", kManifestType})), " ", Quoted(url)}));
  const std::size_t at = said.find("Requests/sec:");
  if (at == std::string::npos || said.find("Non-2xx") != std::string::npos ||
      said.find("Socket errors") != std::string::npos) {
    return Failed(Concat({url, ": wrk says: ", said}));
  }
  return std::strtod(said.c_str() + at + std::string_view("Requests/sec:").size(), nullptr);
}

Result<double> OpensslRate() {
  const std::string said = Output(
      "openssl speed -elapsed -mr -evp sha256 -bytes 16384 -seconds 1 2>/dev/null | "
      "sed -n 's/^+F:.*://p'");
  const double rate = std::strtod(said.c_str(), nullptr);
  return rate > 0 ? Result<double>(rate) : Failed("openssl speed gives no rate");
}

}  // namespace drydock::bench
