// What `docker buildx build --push` and `docker buildx imagetools create` put on the wire: a model
// of buildx 0.13.1 with BuildKit 0.13.2, judged by captures of the real ones (tests/captures). It
// makes real content (tar+gzip layers, configs, manifests, index, cache manifest, provenance) with
// true digests. Layers and configs carry no dates: the same tree, Dockerfile, arguments and base
// give the same digests in any builder, as a build with SOURCE_DATE_EPOCH does.
//
// A Buildx is one builder with its content store and build cache: a second build in it finds what
// the first one made. A fresh CI runner is a new Buildx.
//
// Threads: Build and ImagetoolsCreate are called from inside an actor of the world, one at a time;
// uploads run as actors of their own, which take turns at the Transport. Pauses pass on the world's
// clock. Source: tests/captures/buildx; docs/adr/0003-virtual-time.md.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/digest.h"
#include "core/result.h"
#include "core/rng.h"
#include "core/transport.h"
#include "simulator/world/world.h"

namespace drydock::simulator {

struct RegistryLogin {
  std::string username;
  std::string password;
};

struct BuildxOptions {
  // What `docker buildx version` prints.
  std::string version = "github.com/docker/buildx v0.13.1 788433953af10f2a698f5c07611dddce2e08c7a0";
  // Image and cache are exported side by side, as BuildKit 0.28 and later do. Modelled, not
  // captured: when one of the two fails, the other stops before its next request. By default the
  // image is pushed first and the cache after it, as captured.
  bool parallel_export = false;
  std::map<std::string, RegistryLogin> logins;  // by registry host; "docker.io" for Docker Hub
  std::vector<std::string> plain_http;          // registry hosts that are spoken to over http
};

// One `docker buildx build --push`.
struct BuildSpec {
  std::string context;                            // folder
  std::string dockerfile = "Dockerfile";          // relative to `context`
  std::vector<std::string> platforms;             // none: linux/amd64
  std::map<std::string, std::string> build_args;  // --build-arg
  std::map<std::string, std::string> labels;      // --label
  std::vector<std::string> tags;                  // -t, pushed in this order
  // Instead of -t: --output type=image,name=NAME,push=true,push-by-digest=true. `tags` are the
  // names, none with a tag, and the image is put under its digest alone. (name-canonical=true
  // beside it is about the builder's own store and puts nothing else on the wire.)
  bool push_by_digest = false;
  std::vector<std::string> cache_from;  // "type=registry,ref=…"
  std::vector<std::string> cache_to;    // "type=registry,ref=…,mode=max,…"
  bool provenance = true;               // as buildx: on unless switched off
  bool no_cache = false;                // --no-cache
  Duration run_time{};  // virtual time the RUN lines take, unless all of them come from the cache
};

// How a command ended. A failed build is a value.
struct CommandResult {
  int exit_code = 0;
  std::string output;            // standard output
  std::string log;               // standard error with --progress=plain, "ERROR: …" last
  std::optional<Digest> digest;  // of the pushed index or manifest, when exit_code is 0
};

class Buildx {
 public:
  // All references must outlive the Buildx. `transport` takes Sends from several actors in turn.
  Buildx(World& world, Transport& transport, Rng rng, BuildxOptions options);
  ~Buildx();
  Buildx(const Buildx&) = delete;
  Buildx& operator=(const Buildx&) = delete;

  // Builds and pushes every tag, then exports the cache. An exit code other than 0 leaves what was
  // pushed so far: blobs, child manifests, earlier tags, with the captured order also the image
  // when only the cache export failed. kCancelled when the actor was killed: any part may be done.
  Result<CommandResult> Build(const BuildSpec& spec);

  // `docker buildx imagetools create -t TAG… SOURCE…`: one source is copied by its bytes, so that
  // the digest stays; several are merged into one index. kCancelled as for Build.
  Result<CommandResult> ImagetoolsCreate(const std::vector<std::string>& tags,
                                         const std::vector<std::string>& sources);

  // `docker buildx imagetools inspect NAME`: what `name` points at, described on standard output.
  // Any answer but a manifest gives an exit code other than 0. kCancelled as for Build.
  Result<CommandResult> ImagetoolsInspect(const std::string& name);

  // What `docker buildx version` prints.
  const std::string& Version() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace drydock::simulator
