#include "simulator/skopeo/skopeo.h"

#include <algorithm>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "core/media_type.h"
#include "core/text.h"
#include "simulator/skopeo/content.h"
#include "simulator/skopeo/forms.h"
#include "simulator/skopeo/session.h"

namespace drydock::simulator {
namespace {

using skopeo::Bytes;
using skopeo::Destination;
using skopeo::Manifest;
using skopeo::Session;
using skopeo::Source;

constexpr std::string_view kDocker = "docker://";
constexpr std::string_view kOci = "oci:";

// One `skopeo copy --all` under way.
class Copying {
 public:
  Copying(Source& source, Destination& destination, std::string& output)
      : source_(source), destination_(destination), output_(output) {}

  Status Run(std::optional<Digest>& digest) {
    const auto top = source_.Top();
    if (!top) {
      return top.error();
    }
    digest = top->digest;
    if (!media_type::IsIndex(top->media_type)) {
      const auto put = Image(*top, true);
      if (!put) {
        return put.error();
      }
      digest = put->digest;
      return Ok{};
    }
    const auto parts = skopeo::PartsOf(*top);
    if (!parts) {
      return parts.error();
    }
    const std::string all = std::to_string(parts->children.size());
    Print({"Getting image list signatures"});
    Print({"Copying ", all, " of ", all, " images in list"});
    std::map<Digest, Manifest> replaced;
    for (std::size_t index = 0; index < parts->children.size(); ++index) {
      const Digest& named = parts->children[index];
      const std::string which = Concat({std::to_string(index + 1), "/", all});
      Print({"Copying image ", named.ToString(), " (", which, ")"});
      const auto child = source_.Child(named);
      const Result<Manifest> copied = child ? Image(*child, false) : child.error();
      if (!copied) {
        return copied.error().code() == ErrorCode::kCancelled
                   ? copied.error()
                   : copied.error().At(Concat({"copying image ", which, " from manifest list"}));
      }
      if (copied->digest != named) {
        replaced.emplace(named, *copied);
      }
    }
    const Result<Manifest> list = replaced.empty() ? *top : skopeo::WithReplaced(*top, replaced);
    return list ? List(*list, digest) : list.error();
  }

 private:
  void Print(std::initializer_list<std::string_view> pieces) { output_ += Concat(pieces) + "\n"; }

  // Whatever went wrong with the list as it is, even a lost answer: it is tried in its other form.
  Status List(const Manifest& top, std::optional<Digest>& digest) {
    Print({"Writing manifest list to image destination"});
    std::vector<std::string> failures;
    Result<Manifest> form = top;
    for (int tries = 0; tries < 2 && form; ++tries) {
      Status put = destination_.PutManifest(*form, true);
      if (put) {
        digest = form->digest;
        Print({"Storing list signatures"});
        return put;
      }
      if (put.error().code() == ErrorCode::kCancelled) {
        return put;
      }
      failures.push_back(Concat({form->media_type, "(", put.error().message(), ")"}));
      form = skopeo::InOtherForm(top);
    }
    return Error(ErrorCode::kInvalid,
                 Concat({"Uploading manifest list failed, attempted the following formats: ",
                         Join(failures, ", ")}));
  }

  // The manifest that went up in the end. One whose type was refused is tried in every other form.
  Result<Manifest> Image(const Manifest& manifest, bool tag) {
    const auto parts = skopeo::PartsOf(manifest);
    if (!parts) {
      return parts.error();
    }
    Print({"Getting image source signatures"});
    for (const Digest& layer : parts->layers) {
      Print({"Copying blob ", layer.ToString()});
      if (Status copied = Layer(layer); !copied) {
        return copied.error();
      }
    }
    Bytes config;
    if (parts->config) {
      auto bytes = source_.Blob(*parts->config);
      if (!bytes) {
        return bytes.error();
      }
      config = std::move(*bytes);
    }
    const Status put = Put(manifest, config, tag);
    if (put) {
      return manifest;
    }
    return put.error().code() == ErrorCode::kConflict && config != nullptr
               ? InAnotherForm(manifest, config, put.error(), tag)
               : put.error();
  }

  Result<Manifest> InAnotherForm(const Manifest& manifest, const Bytes& config,
                                 const Error& refused, bool tag) {
    std::vector<std::string> failures = {
        Concat({manifest.media_type, "(", refused.message(), ")"})};
    for (const skopeo::Form& form : skopeo::OtherFormsOf(manifest, config)) {
      const Status put =
          form.manifest ? Put(*form.manifest, form.config != nullptr ? form.config : config, tag)
                        : form.manifest.error().At("creating an updated image manifest");
      if (put) {
        return form.manifest;
      }
      if (put.error().code() == ErrorCode::kCancelled) {
        return put.error();
      }
      failures.push_back(Concat({form.media_type, "(", put.error().message(), ")"}));
    }
    return Error(ErrorCode::kInvalid,
                 Concat({"Uploading manifest failed, attempted the following formats: ",
                         Join(failures, ", ")}));
  }

  // The config, if there is one, and then the manifest.
  Status Put(const Manifest& manifest, const Bytes& config, bool tag) {
    if (config != nullptr) {
      const Digest digest = Digest::Of(*config);
      Print({"Copying config ", digest.ToString()});
      if (Status put = destination_.PutBlob(digest, config); !put) {
        return put;
      }
    }
    Print({"Writing manifest to image destination"});
    Status put = destination_.PutManifest(manifest, tag);
    if (put) {
      Print({"Storing signatures"});
      return put;
    }
    return put.error().code() == ErrorCode::kCancelled ? put : put.error().At("writing manifest");
  }

  Status Layer(const Digest& layer) {
    const auto there = destination_.Has(layer);
    if (!there) {
      return there.error().code() == ErrorCode::kCancelled
                 ? there.error()
                 : there.error().At(
                       Concat({"trying to reuse blob ", layer.ToString(), " at destination"}));
    }
    if (*there) {
      return Ok{};
    }
    const auto bytes = source_.Blob(layer);
    return bytes ? destination_.PutBlob(layer, *bytes) : Status(bytes.error());
  }

  Source& source_;
  Destination& destination_;
  std::string& output_;
};

Result<Session::Settings> SettingsFor(const SkopeoOptions& options, const std::string& name,
                                      bool push) {
  if (name.rfind(kDocker, 0) != 0) {
    return Error(ErrorCode::kInvalid, Concat({"invalid image name: ", name}));
  }
  auto image = ImageReference::Parse(name.substr(kDocker.size()));
  if (!image) {
    return image.error();
  }
  Session::Settings settings;
  const auto login = options.logins.find(image->registry);
  if (login != options.logins.end()) {
    settings.login = login->second;
  }
  settings.plain_http = std::find(options.plain_http.begin(), options.plain_http.end(),
                                  image->registry) != options.plain_http.end();
  settings.push = push;
  settings.image = std::move(*image);
  return settings;
}

}  // namespace

Result<CommandResult> Skopeo::Finish(const Status& done, CommandResult result) {
  if (done) {
    return result;
  }
  if (done.error().code() == ErrorCode::kCancelled) {
    return done.error();
  }
  result.exit_code = 1;
  result.digest.reset();
  result.log = Concat({"time=\"", FormatRfc3339(world_.clock().Now()), "\" level=fatal msg=\"",
                       ReplaceAll(done.error().message(), "\"", "\\\""), "\"\n"});
  return result;
}

Result<CommandResult> Skopeo::Copy(const std::string& source, const std::string& destination) {
  CommandResult result;
  auto to = SettingsFor(options_, destination, true);
  if (!to) {
    return Finish(to.error(), std::move(result));
  }
  std::unique_ptr<Source> from;
  if (source.rfind(kOci, 0) == 0) {
    from = std::make_unique<skopeo::LayoutSource>(source.substr(kOci.size()));
  } else {
    auto settings = SettingsFor(options_, source, false);
    if (!settings) {
      return Finish(settings.error(), std::move(result));
    }
    from =
        std::make_unique<skopeo::RegistrySource>(Session(world_, transport_, std::move(*settings)));
  }
  Destination target(Session(world_, transport_, std::move(*to)));
  const Status done = Copying(*from, target, result.output).Run(result.digest);
  return Finish(done, std::move(result));
}

Result<CommandResult> Skopeo::Inspect(const std::string& name) {
  CommandResult result;
  auto settings = SettingsFor(options_, name, false);
  if (!settings) {
    return Finish(settings.error(), std::move(result));
  }
  skopeo::RegistrySource source(Session(world_, transport_, std::move(*settings)));
  const auto top = source.Top();
  if (!top) {
    return Finish(top.error(), std::move(result));
  }
  result.output = *top->bytes;
  result.digest = top->digest;
  return result;
}

}  // namespace drydock::simulator
