// The steps that change what is published, and the page that tells of it.
#include <utility>

#include "core/text.h"
#include "publisher/release/hub_page.h"
#include "publisher/release/verdict.h"
#include "scenarios/runner/player.h"

namespace drydock::scenarios {

Status Player::ChangeProject(StepResult& result) {
  clone_ = &premises_->later[changes_++];
  host_->Publish(clone_->release);
  const ProjectSpec& spec = clone_->spec;
  result.reason = Concat({spec.tag, " is ", clone_->commit.substr(0, 12),
                          clone_->base_hash.empty() ? "" : " on ", clone_->BaseTag()});
  simulator::Forge* forge = stage_.forge();
  if (forge == nullptr || scenario_.world.forge->project.empty()) {
    return Ok{};
  }
  const std::string& project = scenario_.world.forge->project;
  const Status pushed = forge->Commit(
      project, "main", {clone_->commit, Concat({"release ", spec.tag}), stage_.clock().Now()});
  return pushed ? forge->Tag(project, spec.tag, clone_->commit) : pushed;
}

Status Player::SetHubPage(const HubPageStep& page, StepResult& result) {
  stage_.world().Spawn("host", [&] {
    const auto transport = stage_.Connect(std::string(kHostAddress), "host");
    publisher::HubPageClient client(*transport, stage_.clock(), stage_.world().Fork(result.name),
                                    stage_.journal(),
                                    *Url::Parse(Concat({"https://", simulator::kHubApiHost})));
    const publisher::HubPage wanted{Repository(), page.text, std::nullopt};
    const Status fits = publisher::CheckHubPage(wanted);
    if (!fits) {
      result.reason = fits.error().message();
      return;
    }
    const auto updated = client.Update(wanted, stage_.credentials().at("docker.io"));
    result.reason = !updated          ? publisher::Explain(updated.failure())
                    : updated.value() ? "the page was changed"
                                      : "the page says so already";
  });
  Status ran = stage_.world().Run();
  result.output = Concat({result.reason, "\n"});
  return ran;
}

}  // namespace drydock::scenarios
