#include "tests/unit/buildkit/rehearsal.h"

#include <gtest/gtest.h>

#include "core/text.h"
#include "simulator/registry/personalities.h"

namespace drydock::simulator::buildkit {
namespace {

constexpr std::string_view kHost = "registry.test";
constexpr TimePoint kStart{std::chrono::seconds(1'795'000'000)};

// As Debian's docker-registry 2.8.2 behaves: locations are absolute and carry a state.
Personality CapturedRegistry() {
  Personality personality = AnonymousPersonality();
  personality.absolute_location = true;
  personality.upload_state = true;
  return personality;
}

// Bytes that do not compress, different for each name.
std::string Noise(std::string_view name, std::size_t size) {
  std::string bytes;
  Rng rng(StableHash(0, name));
  while (bytes.size() < size) {
    bytes += static_cast<char>(rng.Next() & 0xff);
  }
  return bytes;
}

}  // namespace

Rehearsal::Rehearsal()
    : world_(std::make_unique<World>(7, kStart)),
      journal_(std::make_unique<Journal>(world_->clock())),
      internet_(std::make_unique<Internet>(world_->clock(), *journal_, faults_)),
      connection_(internet_->Connect(*world_, "192.0.2.1")),
      proxy_(std::make_unique<CapturingProxy>(*world_, *connection_)) {
  WriteContexts();
  NewRegistry();
  NewBuilder();
}

void Rehearsal::NewRegistry() {
  registries_.push_back(std::make_unique<Registry>(
      std::string(kHost), CapturedRegistry(), world_->clock(),
      world_->Fork(Concat({"registry ", std::to_string(registries_.size())})), *journal_));
  registry_ = registries_.back().get();
  internet_->Attach(std::string(kHost), *registry_);
}

BuildxOptions Rehearsal::LoggedIn() {
  BuildxOptions options;
  options.logins[std::string(kHost)] = {"u", "p"};
  return options;
}

void Rehearsal::NewBuilder(BuildxOptions options) {
  options.plain_http.emplace_back(kHost);
  builder_ =
      std::make_unique<Buildx>(*world_, *proxy_, world_->Fork("builder"), std::move(options));
}

std::string Rehearsal::Context(const std::string& name) const {
  return folder_.At(Concat({"ctx/", name}));
}

void Rehearsal::WriteFile(const std::string& path, const std::string& text) {
  folder_.Write(path, text);
}

void Rehearsal::WriteContexts() {
  WriteFile("ctx/base/Dockerfile",
            "FROM scratch\nARG TARGETARCH\nLABEL org.example.kind=base\nCOPY a.bin /a.bin\n"
            "COPY bin/${TARGETARCH}/app /bin/app\nCOPY b.txt sub/ /etc/\nENV A=1\n"
            "CMD [\"/bin/app\"]\n");
  WriteFile("ctx/two/Dockerfile",
            "FROM scratch AS build\nARG TARGETARCH\nCOPY a.bin /src/a.bin\n"
            "COPY bin/${TARGETARCH}/app /out/app\nCOPY d.bin /out/d.bin\n\nFROM scratch\n"
            "COPY --from=build /out/ /app/\nCOPY e.txt /e.txt\nENTRYPOINT [\"/app/app\"]\n");
  WriteFile("ctx/one/Dockerfile", "FROM scratch\nCOPY one.bin /one.bin\n");
  WriteFile("ctx/variant/Dockerfile", "ARG BASE\nFROM ${BASE}\nCOPY v.txt /v.txt\n");
  for (const std::string context : {"base", "two"}) {
    for (const std::string file : {"a.bin", "bin/amd64/app", "bin/arm64/app"}) {
      const std::string path = Concat({"ctx/", context, "/", file});
      WriteFile(path, Noise(path, 3000));
    }
  }
  WriteFile("ctx/base/b.txt", "b\n");
  WriteFile("ctx/base/sub/c.txt", "c\n");
  WriteFile("ctx/two/d.bin", Noise("d", 2000));
  WriteFile("ctx/two/e.txt", "e\n");
  WriteFile("ctx/one/one.bin", Noise("one", 70000));
  WriteFile("ctx/variant/v.txt", "v\n");
}

void Rehearsal::Act(const std::function<void()>& work) {
  world_->Spawn("ci", [&] {
    EXPECT_TRUE(world_->clock().SleepFor(std::chrono::minutes(1)));
    work();
  });
  const Status run = world_->Run();
  EXPECT_TRUE(run) << (run ? "" : run.error().message());
}

CommandResult Rehearsal::Build(const BuildSpec& spec) {
  Result<CommandResult> result = Error(ErrorCode::kInternal, "did not run");
  Act([&] { result = builder_->Build(spec); });
  EXPECT_TRUE(result) << (result ? "" : result.error().message());
  return result ? std::move(*result) : CommandResult();
}

CommandResult Rehearsal::Run(const std::string& command) {
  const std::vector<std::string> words = Split(command, ' ');
  std::vector<std::string> plain;
  BuildSpec spec;
  for (std::size_t i = 3; i < words.size(); ++i) {
    const std::string& word = words[i];
    const std::string& next = i + 1 < words.size() ? words[i + 1] : word;
    const bool takes_value = word == "-t" || word == "--builder" || word == "--platform" ||
                             word == "--cache-from" || word == "--cache-to" ||
                             word == "--build-arg" || word == "--output";
    if (word == "-t") {
      spec.tags.push_back(next);
    } else if (word == "--platform") {
      spec.platforms = Split(next, ',');
    } else if (word == "--cache-from") {
      spec.cache_from.push_back(next);
    } else if (word == "--cache-to") {
      spec.cache_to.push_back(next);
    } else if (word == "--build-arg") {
      spec.build_args[next.substr(0, next.find('='))] = next.substr(next.find('=') + 1);
    } else if (word == "--output" && Contains(next, "push-by-digest=true")) {
      spec.push_by_digest = true;
      const std::string name = next.substr(next.find("name=") + 5);
      spec.tags.push_back(name.substr(0, name.find(',')));
    } else if (word == "--provenance=false") {
      spec.provenance = false;
    } else if (word.rfind("--", 0) != 0) {
      plain.push_back(word);
    }
    i += takes_value ? 1 : 0;
  }
  if (words[2] == "imagetools") {
    const bool create = plain.front() == "create";
    plain.erase(plain.begin());
    Result<CommandResult> result = Error(ErrorCode::kInternal, "did not run");
    Act([&] {
      result = create ? builder_->ImagetoolsCreate(spec.tags, plain)
                      : builder_->ImagetoolsInspect(plain.front());
    });
    EXPECT_TRUE(result);
    return result ? std::move(*result) : CommandResult();
  }
  spec.context = Context(plain.at(0).substr(4));
  if (spec.tags.empty()) {  // --output type=oci: the model always pushes
    spec.tags.emplace_back("registry.test/app/output:v1");
  }
  return Build(spec);
}

}  // namespace drydock::simulator::buildkit
