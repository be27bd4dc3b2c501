#include "simulator/buildkit/exporter.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>

#include "core/media_type.h"
#include "core/text.h"

namespace drydock::simulator::buildkit {
namespace {

constexpr std::size_t kLanes = 4;  // and one more for JSON

bool IsJson(const Content& content) {
  const std::string& type = content.descriptor.media_type;
  return type.size() > 5 && type.compare(type.size() - 5, 5, "+json") == 0;
}

bool IsLayer(const Content& content) {
  const std::string& type = content.descriptor.media_type;
  return type == media_type::kOciLayerGzip || type == media_type::kDockerLayerGzip;
}

// Hands blobs out to the lanes.
class BlobQueue {
 public:
  explicit BlobQueue(const std::vector<Content>& blobs) : blobs_(blobs), taken_(blobs.size()) {}
  const Content* Take(bool json_only) {
    for (std::size_t i = 0; i < blobs_.size(); ++i) {
      if (!taken_[i] && (!json_only || IsJson(blobs_[i]))) {
        taken_[i] = true;
        return &blobs_[i];
      }
    }
    return nullptr;
  }

 private:
  const std::vector<Content>& blobs_;
  std::vector<bool> taken_;
};

// The more telling of two failures: the first that is not just the echo of another one.
void Keep(std::optional<Error>& held, const Error& error) {
  if (!held || (held->code() == ErrorCode::kConflict && error.code() != ErrorCode::kConflict)) {
    held = error;
  }
}

class Assembly {
 public:
  Assembly(const ImageFacts& facts, Progress& progress, Progress::Vertex vertex)
      : facts_(facts),
        types_(facts.provenance ? OciTypes() : DockerTypes()),
        progress_(progress),
        vertex_(vertex) {}

  void Add(const BuiltImage& image) {
    std::vector<Descriptor> layers;
    for (const Layer& layer : image.layers) {
      layers.push_back({std::string(types_.layer), layer.digest, layer.size, {}, std::nullopt});
      if (AddBlob({layers.back(), nullptr})) {
        image_.layers.push_back(layer);
      }
    }
    Content config = MakeContent(types_.config, image.config);
    Content manifest =
        MakeContent(types_.manifest, WriteManifest(types_, config.descriptor, layers));
    Say("exporting manifest", manifest);
    Say("exporting config", config);
    AddBlob(config);
    manifest.descriptor.platform = image.platform;
    if (facts_.provenance) {
      AddAttestation(image, manifest.descriptor);
    }
    manifests_.push_back(std::move(manifest));
  }

  AssembledImage Finish() {
    if (manifests_.size() == 1 && attestations_.empty()) {
      image_.top = std::move(manifests_.front());
      image_.top.descriptor.platform.reset();
      return std::move(image_);
    }
    image_.children = std::move(manifests_);
    std::move(attestations_.begin(), attestations_.end(), std::back_inserter(image_.children));
    std::vector<Descriptor> entries;
    for (const Content& child : image_.children) {
      entries.push_back(child.descriptor);
    }
    image_.top = MakeContent(types_.index, WriteIndex(types_, entries));
    Say("exporting manifest list", image_.top);
    return std::move(image_);
  }

 private:
  bool AddBlob(const Content& blob) {
    if (!seen_.insert(blob.descriptor.digest).second) {
      return false;
    }
    image_.blobs.push_back(blob);
    return true;
  }

  void AddAttestation(const BuiltImage& image, const Descriptor& manifest) {
    Content statement = MakeContent(
        media_type::kInToto,
        WriteProvenance({facts_.tag, image.platform, manifest.digest, facts_.dockerfile,
                         image.materials, facts_.invocation, facts_.started, facts_.finished}));
    Content config =
        MakeContent(media_type::kOciConfig, WriteAttestationConfig(statement.descriptor.digest));
    Descriptor layer = statement.descriptor;
    layer.annotations["in-toto.io/predicate-type"] = "https://slsa.dev/provenance/v0.2";
    Content attestation =
        MakeContent(types_.manifest, WriteManifest(types_, config.descriptor, {layer}));
    Say("exporting attestation manifest", attestation);
    attestation.descriptor.annotations = {
        {"vnd.docker.reference.digest", manifest.digest.ToString()},
        {"vnd.docker.reference.type", "attestation-manifest"}};
    attestation.descriptor.platform = Platform{"unknown", "unknown", ""};
    AddBlob(statement);
    AddBlob(config);
    attestations_.push_back(std::move(attestation));
  }

  void Say(std::string_view what, const Content& content) {
    progress_.Note(vertex_, Concat({what, " ", content.descriptor.digest.ToString(), " done"}));
  }

  const ImageFacts& facts_;
  const MediaTypes& types_;
  Progress& progress_;
  Progress::Vertex vertex_;
  AssembledImage image_{{}, {}, {}, MakeContent("", "")};
  std::vector<Content> manifests_;
  std::vector<Content> attestations_;
  std::set<Digest> seen_;
};

}  // namespace

AssembledImage Exporter::Assemble(const std::vector<BuiltImage>& images, const ImageFacts& facts,
                                  Progress::Vertex vertex) {
  tools_.progress.Note(vertex, "exporting layers done");
  Assembly assembly(facts, tools_.progress, vertex);
  for (const BuiltImage& image : images) {
    assembly.Add(image);
  }
  return assembly.Finish();
}

BytesSource Exporter::SourceOf(const Content& blob, const std::vector<Layer>& layers,
                               Progress::Vertex vertex) {
  return [this, &blob, &layers, vertex]() -> Result<BuilderStore::Bytes> {
    if (blob.bytes != nullptr) {
      return blob.bytes;
    }
    const auto layer = std::find_if(layers.begin(), layers.end(), [&](const Layer& held) {
      return held.digest == blob.descriptor.digest;
    });
    return LayerBytes(*layer, tools_.registries, tools_.store, tools_.progress, vertex);
  };
}

Status Exporter::PushImage(const AssembledImage& image, const std::vector<ImageReference>& tags,
                           bool by_digest, Progress::Vertex vertex) {
  // Layers that came from a cache are read before anything is pushed.
  for (const Layer& layer : image.layers) {
    const Result<BuilderStore::Bytes> bytes =
        LayerBytes(layer, tools_.registries, tools_.store, tools_.progress, vertex);
    if (!bytes) {
      return bytes.error();
    }
  }
  for (const ImageReference& tag : tags) {
    const std::string name = by_digest && !tag.tag ? FullRepository(tag) : FullName(tag);
    tools_.progress.Note(vertex, Concat({"naming to ", name, " done"}));
    if (Status pushed = PushTag(image, tag, name, by_digest, vertex); !pushed) {
      return pushed.error().At(Concat({"failed to push ", name}));
    }
  }
  return Ok{};
}

Status Exporter::PushTag(const AssembledImage& image, const ImageReference& tag,
                         const std::string& name, bool by_digest, Progress::Vertex vertex) {
  if (by_digest && tag.tag) {
    return Error(ErrorCode::kInvalid, Concat({"can't push tagged ref ", name, " by digest"}));
  }
  Clock& clock = tools_.progress.clock();
  Duration begun = clock.Elapsed();
  Status blobs = PushBlobs(image, tag, vertex);
  tools_.progress.NoteDone(vertex, "pushing layers", begun);
  if (!blobs) {
    return blobs;
  }
  begun = clock.Elapsed();
  const std::string digest = image.top.descriptor.digest.ToString();
  const std::string naming =
      Concat({"pushing manifest for ", name, by_digest ? "" : "@", by_digest ? "" : digest});
  Pusher pusher(tools_.registries.At(tag.registry), tag.repository, &work_);
  const auto push = [&](const Content& manifest, const std::string& under) {
    return WithRetries(tools_.progress, vertex, &work_, [&] {
      return pusher.PushManifest(manifest, under, WriteReference(manifest.descriptor));
    });
  };
  Status result = Ok{};
  for (const Content& child : image.children) {
    result = result ? push(child, child.descriptor.digest.ToString()) : result;
  }
  result = result ? push(image.top, by_digest ? digest : tag.tag.value_or("latest")) : result;
  tools_.progress.NoteDone(vertex, naming, begun);
  return result;
}

Status Exporter::PushBlobs(const AssembledImage& image, const ImageReference& tag,
                           Progress::Vertex vertex) {
  BlobQueue queue(image.blobs);
  std::optional<Error> failure;
  const auto lane = [&](bool json_only) {
    Pusher pusher(tools_.registries.At(tag.registry), tag.repository, &work_);
    while (const Content* blob = work_.stopped ? nullptr : queue.Take(json_only)) {
      const Descriptor& descriptor = blob->descriptor;
      const std::string mount =
          IsLayer(*blob) ? tools_.store.MountSource(descriptor.digest, tag.registry, tag.repository)
                         : "";
      const Status pushed = WithRetries(tools_.progress, vertex, &work_, [&] {
        return pusher.PushBlob(descriptor, SourceOf(*blob, image.layers, vertex), mount,
                               WriteReference(descriptor));
      });
      if (!pushed) {
        work_.stopped = true;
        Keep(failure, pushed.error());
        return;
      }
      if (IsLayer(*blob)) {
        tools_.store.NotePushed(descriptor.digest, tag.registry, tag.repository);
      }
    }
  };
  // The lanes are the same client as far as anybody can tell, so they carry its name.
  const std::string actor = tools_.world.CurrentActor();
  std::vector<World::Task> tasks;
  for (std::size_t i = 0; i < std::min(kLanes, image.blobs.size()); ++i) {
    tasks.emplace_back(actor, [&lane] { lane(false); });
  }
  if (image.blobs.size() > kLanes) {
    tasks.emplace_back(actor, [&lane] { lane(true); });
  }
  tools_.world.RunTogether(std::move(tasks));
  if (failure) {
    return *failure;
  }
  return tools_.world.Alive();
}

Status Exporter::PushLayers(const CacheGraph::Export& cache, const CacheOption& option,
                            Progress::Vertex vertex) {
  std::set<Digest> seen;
  std::vector<Descriptor> layers;
  for (const Descriptor& entry : cache.layers) {
    if (seen.insert(entry.digest).second) {
      // Asked for under its OCI type, whatever the manifest is going to say.
      layers.push_back({std::string(media_type::kOciLayerGzip), entry.digest, entry.size, {}, {}});
    }
  }
  if (cache_lanes_ == 1) {
    Status pushed = Ok{};
    for (const Descriptor& layer : layers) {
      pushed = pushed ? PushLayer(cache, option, layer, vertex) : pushed;
    }
    return pushed;
  }
  std::size_t next = 0;
  std::optional<Error> failure;
  const std::string actor = tools_.world.CurrentActor();
  std::vector<World::Task> tasks;
  for (std::size_t i = 0; i < std::min(cache_lanes_, layers.size()); ++i) {
    tasks.emplace_back(actor, [&] {
      while (next < layers.size() && !failure && !work_.stopped) {
        const Status pushed = PushLayer(cache, option, layers[next++], vertex);
        if (!pushed) {
          Keep(failure, pushed.error());
        }
      }
    });
  }
  tools_.world.RunTogether(std::move(tasks));
  if (tools_.world.IsKilled(actor)) {
    return Error(ErrorCode::kCancelled, "the build was stopped");
  }
  return failure ? Status(*failure) : Status(Ok{});
}

Status Exporter::PushLayer(const CacheGraph::Export& cache, const CacheOption& option,
                           const Descriptor& layer, Progress::Vertex vertex) {
  Pusher pusher(tools_.registries.At(option.reference.registry), option.reference.repository,
                &work_);
  const BytesSource bytes = [&] {
    return LayerBytes(cache.by_digest.at(layer.digest), tools_.registries, tools_.store,
                      tools_.progress, vertex);
  };
  const Duration begun = tools_.progress.clock().Elapsed();
  const Status pushed = WithRetries(tools_.progress, vertex, &work_, [&] {
    return pusher.PushBlob(layer, bytes, "", WriteReference(layer));
  });
  tools_.progress.NoteDone(vertex, Concat({"writing layer ", layer.digest.ToString()}), begun);
  return pushed ? pushed : pushed.error().At("error writing layer blob");
}

Status Exporter::ExportCache(const CacheGraph& graph, const CacheOption& option,
                             Progress::Vertex vertex) {
  Progress& progress = tools_.progress;
  progress.Note(vertex, "preparing build cache for export done");
  if (option.image_manifest && !option.oci_types) {
    return Error(ErrorCode::kInvalid, "invalid configuration for remote cache");
  }
  const MediaTypes& types = option.oci_types ? OciTypes() : DockerTypes();
  const CacheGraph::Export cache = graph.Write(option.all_layers, types.layer);
  if (Status layers = PushLayers(cache, option, vertex); !layers) {
    return layers;
  }
  Pusher pusher(tools_.registries.At(option.reference.registry), option.reference.repository,
                &work_);
  // Config and manifest are written once: nothing repeats them here.
  const Content config = MakeContent(media_type::kBuildkitCacheConfig, cache.config);
  progress.Note(vertex, Concat({"writing config ", config.descriptor.digest.ToString(), " done"}));
  const Status config_pushed = pusher.PushBlob(config.descriptor, SourceOf(config, {}, vertex), "",
                                               config.descriptor.digest.ToString());
  if (!config_pushed) {
    return config_pushed.error().At("error writing config blob");
  }
  std::vector<Descriptor> entries = cache.layers;
  std::string text;
  if (option.image_manifest) {
    text = WriteManifest(types, config.descriptor, entries);
  } else {
    entries.push_back(config.descriptor);
    text = WriteIndex(types, entries);
  }
  const Content manifest =
      MakeContent(option.image_manifest ? types.manifest : types.index, std::move(text));
  progress.Note(
      vertex, Concat({"writing cache manifest ", manifest.descriptor.digest.ToString(), " done"}));
  const Status pushed = pusher.PushManifest(manifest, option.reference.tag.value_or("latest"),
                                            manifest.descriptor.digest.ToString());
  return pushed ? pushed : pushed.error().At("error writing manifest blob");
}

}  // namespace drydock::simulator::buildkit
