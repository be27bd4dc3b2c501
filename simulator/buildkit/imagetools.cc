#include "simulator/buildkit/imagetools.h"

#include <algorithm>

#include "core/json.h"
#include "core/media_type.h"
#include "core/text.h"
#include "simulator/buildkit/fetcher.h"

namespace drydock::simulator::buildkit {

namespace {

// The text of `imagetools inspect`, with the blanks its column writer leaves.
std::string Description(const std::string& name, const Content& manifest) {
  const Descriptor& top = manifest.descriptor;
  std::string text = Concat({"Name:      ", name, "\nMediaType: ", top.media_type,
                             "\nDigest:    ", top.digest.ToString(), "\n"});
  if (!media_type::IsIndex(top.media_type)) {
    return text;
  }
  const std::string repository = name.substr(0, name.find('@'));
  text += "           \nManifests: \n";
  std::string separator;
  for (const Descriptor& entry : ReadChildren(*manifest.bytes).entries) {
    text += Concat({separator, "  Name:        ", repository, "@", entry.digest.ToString(),
                    "\n  MediaType:   ", entry.media_type, "\n"});
    if (entry.platform) {
      text += Concat({"  Platform:    ", entry.platform->ToString(), "\n"});
    }
    std::size_t width = 0;
    for (const auto& [key, value] : entry.annotations) {
      width = std::max(width, key.size());
    }
    text += entry.annotations.empty() ? "" : "  Annotations: \n";
    for (const auto& [key, value] : entry.annotations) {
      text += Concat({"    ", key, ": ", std::string(width - key.size(), ' '), value, "\n"});
    }
    separator = "               \n";
  }
  return text;
}

}  // namespace

Result<CommandResult> Imagetools::Create(const std::vector<std::string>& tags,
                                         const std::vector<std::string>& sources) {
  Digest digest = Digest::Of("");
  const Status done = Run(tags, sources, digest);
  return Finish(done, digest, "");
}

Result<CommandResult> Imagetools::Inspect(const std::string& name) {
  const Result<Source> source = Load(name);
  if (!source) {
    return Finish(source.error(), Digest::Of(""), "");
  }
  return Finish(Ok{}, source->manifest.descriptor.digest,
                Description(FullName(source->reference), source->manifest));
}

Result<CommandResult> Imagetools::Finish(const Status& done, const Digest& digest,
                                         std::string output) {
  if (!done && done.error().code() == ErrorCode::kCancelled) {
    return done.error();
  }
  CommandResult result;
  result.exit_code = done ? 0 : 1;
  result.output = std::move(output);
  result.log = progress_.Report();
  if (done) {
    result.digest = digest;
  } else {
    result.log += Concat({"ERROR: ", done.error().message(), "\n"});
  }
  return result;
}

Status Imagetools::Run(const std::vector<std::string>& tags,
                       const std::vector<std::string>& sources, Digest& digest) {
  std::vector<Source> loaded;
  for (const std::string& name : sources) {
    Result<Source> source = Load(name);
    if (!source) {
      return source.error();
    }
    loaded.push_back(std::move(*source));
  }
  if (loaded.empty()) {
    return Error(ErrorCode::kInvalid, "no sources specified");
  }
  Result<Content> content =
      loaded.size() == 1 ? Result<Content>(loaded[0].manifest) : Merge(loaded);
  if (!content) {
    return content.error();
  }
  digest = content->descriptor.digest;
  for (const std::string& tag : tags) {
    const Result<ImageReference> reference = ImageReference::Parse(tag);
    if (!reference) {
      return reference.error();
    }
    if (Status pushed = Push(*content, loaded, *reference); !pushed) {
      return pushed;
    }
  }
  return Ok{};
}

Result<Imagetools::Source> Imagetools::Load(const std::string& name) {
  Result<ImageReference> reference = ImageReference::Parse(name);
  if (!reference) {
    return reference.error();
  }
  Fetcher fetcher(registries_.At(reference->registry), reference->repository);
  Result<Descriptor> descriptor = fetcher.Resolve(*reference);
  if (!descriptor) {
    return descriptor.error();
  }
  Result<std::string> text = fetcher.Manifest(*descriptor);
  if (!text) {
    return text.error();
  }
  Content manifest{*descriptor, std::make_shared<const std::string>(std::move(*text))};
  return Source{std::move(*reference), std::move(manifest)};
}

// Image manifests get the platform their configs name; the entries of indexes are taken over.
Result<Content> Imagetools::Merge(const std::vector<Source>& sources) {
  std::vector<Descriptor> entries;
  for (const Source& source : sources) {
    Children children = ReadChildren(*source.manifest.bytes);
    if (media_type::IsIndex(source.manifest.descriptor.media_type)) {
      std::move(children.entries.begin(), children.entries.end(), std::back_inserter(entries));
      continue;
    }
    if (!children.config) {
      return Error(ErrorCode::kInvalid, "manifest without a config");
    }
    Fetcher fetcher(registries_.At(source.reference.registry), source.reference.repository);
    const Result<std::string> config = fetcher.SmallBlob(*children.config);
    if (!config) {
      return config.error();
    }
    Descriptor entry = source.manifest.descriptor;
    if (const auto parsed = json::Parse(*config, "image config")) {
      entry.platform =
          Platform{std::string(parsed->Text("os")), std::string(parsed->Text("architecture")),
                   std::string(parsed->Text("variant"))};
    }
    entries.push_back(std::move(entry));
  }
  const bool docker = std::all_of(entries.begin(), entries.end(), [](const Descriptor& entry) {
    return entry.media_type == media_type::kDockerManifest;
  });
  const MediaTypes& types = docker ? DockerTypes() : OciTypes();
  return MakeContent(types.index, WriteIndex(types, entries));
}

Status Imagetools::Push(const Content& content, const std::vector<Source>& sources,
                        const ImageReference& tag) {
  const std::string name = FullName(tag);
  const std::string digest = content.descriptor.digest.ToString();
  const auto vertex = progress_.Begin(Concat({"[internal] pushing ", name}));
  Status result = Ok{};
  for (const Source& source : sources) {
    if (!result || FullRepository(source.reference) == FullRepository(tag)) {
      continue;
    }
    progress_.Log(vertex, Concat({"copying ", source.manifest.descriptor.digest.ToString(),
                                  " from ", FullName(source.reference), " to ", name}));
    result = CopyBelow(source, tag);
  }
  if (result) {
    progress_.Log(vertex, Concat({"pushing ", digest, " to ", name}));
    Pusher pusher(registries_.At(tag.registry), tag.repository, nullptr);
    result = pusher.PushManifest(content, tag.tag.value_or("latest"),
                                 WriteReference(content.descriptor));
  }
  if (result) {
    progress_.Done(vertex);
  } else {
    progress_.Fail(vertex, result.error().message());
  }
  return result;
}

// The whole of an image into another repository: blobs by mount, then the manifests below the
// index and the index itself, each under the *tag*, as captured.
Status Imagetools::CopyBelow(const Source& source, const ImageReference& tag) {
  RegistryHost& host = registries_.At(source.reference.registry);
  Fetcher fetcher(host, source.reference.repository);
  std::vector<Content> manifests;
  std::vector<Descriptor> blobs;
  std::vector<Descriptor> open = {source.manifest.descriptor};
  for (std::size_t i = 0; i < open.size(); ++i) {
    Result<std::string> text = fetcher.Manifest(open[i]);
    if (!text) {
      return text.error();
    }
    const Children children = ReadChildren(*text);
    const bool index = media_type::IsIndex(open[i].media_type);
    manifests.push_back({open[i], std::make_shared<const std::string>(std::move(*text))});
    for (const Descriptor& entry : children.entries) {
      std::vector<Descriptor>& to = index ? open : blobs;
      const bool known = std::any_of(to.begin(), to.end(), [&](const Descriptor& held) {
        return held.digest == entry.digest;
      });
      if (!known) {
        to.push_back(entry);
      }
    }
    if (!index && children.config) {
      blobs.push_back(*children.config);
    }
  }
  for (const Descriptor& blob : blobs) {
    if (Status copied = CopyBlob(blob, source, tag); !copied) {
      return copied;
    }
  }
  Pusher pusher(registries_.At(tag.registry), tag.repository, nullptr);
  for (std::size_t i = manifests.size(); i > 0; --i) {
    const Content& manifest = manifests[i - 1];
    // Read again, as the copy streams it from the source.
    if (Result<std::string> text = fetcher.Manifest(manifest.descriptor); !text) {
      return text.error();
    }
    Status pushed = pusher.PushManifest(manifest, tag.tag.value_or("latest"),
                                        WriteReference(manifest.descriptor));
    if (!pushed) {
      return pushed;
    }
  }
  return Ok{};
}

Status Imagetools::CopyBlob(const Descriptor& blob, const Source& source,
                            const ImageReference& tag) {
  const bool mountable = source.reference.registry == tag.registry;
  Pusher pusher(registries_.At(tag.registry), tag.repository, nullptr);
  return pusher.PushBlob(
      blob,
      [&]() -> Result<std::shared_ptr<const std::string>> {
        Fetcher fetcher(registries_.At(source.reference.registry), source.reference.repository);
        const auto vertex = progress_.Begin(Concat({"copying ", blob.digest.ToString()}));
        return fetcher.Layer(blob, kContainerdAgent, progress_, vertex);
      },
      mountable ? source.reference.repository : "", WriteReference(blob));
}

}  // namespace drydock::simulator::buildkit
