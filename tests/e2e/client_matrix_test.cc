// Every row of client_rows.h that has to do with images, with the real client, against `drydock
// serve` as strict and as Docker Hub. What a client did is read from the registry's journal, not
// from the client.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <ostream>
#include <string>
#include <vector>

#include "core/text.h"
#include "tests/e2e/client.h"
#include "tests/e2e/client_rows.h"
#include "tests/e2e/served.h"

namespace drydock::testing {

void PrintTo(const ClientCell& cell, std::ostream* out) { *out << TestName(cell); }

namespace {

using ::testing::AnyOf;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::Not;

class ClientMatrix : public ::testing::TestWithParam<ClientCell> {
 protected:
  const ClientRow& row() const { return GetParam().row; }
  bool hub() const { return GetParam().against == Against::kDockerHub; }

  // The registry, holding the image of the layout if wanted, and a client with that password.
  void Begin(const OciLayout* held, std::string_view password = kPassword) {
    std::vector<std::string> flags;
    if (held != nullptr) {
      flags = {"--preload", Concat({"acme/one=", held->path()})};
    }
    server_ = ServeAs(GetParam().against, folder_, flags);
    client_ = MakeClient(row().client, folder_, Access(HostName(), password));
  }

  // What the client calls the registry. docker 26 speaks no TLS to "localhost", and by 127.0.0.1
  // does not ask who signed the certificate (nor does its "manifest push" speak TLS there); but
  // only what is read from a loopback address is sent on to the CDN.
  std::string_view HostName() const {
    if (!hub()) {
      return "127.0.0.1";
    }
    if (!IsOfDebian13(row())) {
      return "localhost";
    }
    return row().what == Case::kPull ? "127.0.0.1" : kHubName;
  }

  RegistryAccess Access(std::string_view name, std::string_view password) const {
    return AccessTo(*server_, GetParam().against, folder_, name, password);
  }

  // Operations of the requests from the `first` on.
  std::vector<std::string> Operations(std::size_t first = 0) const {
    std::vector<std::string> operations;
    const std::vector<Seen> requests = server_->Requests();
    for (std::size_t i = first; i < requests.size(); ++i) {
      operations.push_back(
          Concat({requests[i].operation, " ", std::to_string(requests[i].status)}));
    }
    return operations;
  }

  // skopeo, with the right password.
  std::unique_ptr<RegistryClient> Reader() const {
    return MakeSkopeo(reading_, Access(hub() ? "localhost" : "127.0.0.1", kPassword));
  }

  // Copies an image out, all digests checked, and gives its config.
  std::string ReadBack(std::string_view name) const {
    const std::unique_ptr<RegistryClient> reader = Reader();
    const Ended pulled = reader->Pull(name);
    EXPECT_EQ(0, pulled.exit_code) << pulled.said;
    return reader->LayersOf(name);
  }

  void PushIndex(std::string_view name) {
    const Ended pushed = client_->PushIndex(two_, name);
    EXPECT_EQ(0, pushed.exit_code) << pushed.said << server_->Sequence();
  }

  void Push(std::string_view name) {
    const Ended pushed = client_->Push(name);
    ASSERT_EQ(0, pushed.exit_code) << pushed.said << server_->Sequence();
    EXPECT_THAT(Operations(), Contains("manifest.put 201"));
  }

  void CheckPush();
  void CheckPushAgain();
  void CheckPull();
  void CheckIndex();
  void CheckMount();
  void CheckInspect();
  void CheckDelete();
  void CheckWrongPassword();
  void CheckMissingTag();

  TempFolder folder_;
  TempFolder reading_;
  const OciLayout image_{folder_, "one", {"amd64"}, 100'000};
  const OciLayout two_{folder_, "two", {"amd64", "arm64"}, 50'000};
  std::unique_ptr<Served> server_;
  std::unique_ptr<RegistryClient> client_;
};

void ClientMatrix::CheckPush() {
  Begin(nullptr);
  const std::string diff_id = client_->Take(image_);
  ASSERT_NO_FATAL_FAILURE(Push("acme/one:v1"));
  EXPECT_THAT(ReadBack("acme/one:v1"), HasSubstr(diff_id));
  EXPECT_THAT(Operations(), Contains("token 200"));
}

void ClientMatrix::CheckPushAgain() {
  Begin(nullptr);
  client_->Take(image_);
  ASSERT_NO_FATAL_FAILURE(Push("acme/one:v1"));
  const std::size_t before = server_->Requests().size();
  ASSERT_NO_FATAL_FAILURE(Push("acme/one:v1"));
  EXPECT_THAT(Operations(before), Not(Contains(HasSubstr("upload."))));
}

void ClientMatrix::CheckPull() {
  Begin(&image_);
  const Ended pulled = client_->Pull("acme/one:v1");
  ASSERT_EQ(0, pulled.exit_code) << pulled.said << server_->Sequence();
  EXPECT_THAT(client_->LayersOf("acme/one:v1"), HasSubstr(image_.DiffId()));
  if (hub()) {
    EXPECT_THAT(Operations(), Contains("blob.get 307"));
    EXPECT_THAT(Operations(), Contains("cdn.get 200"));
    EXPECT_THAT(Operations(), Not(Contains("blob.get 200")));
  } else {
    EXPECT_THAT(Operations(), Contains("blob.get 200"));
  }
}

void ClientMatrix::CheckIndex() {
  Begin(nullptr);
  PushIndex("acme/two:v1");
  const std::string index = Reader()->Inspect("acme/two:v1").said;
  for (const std::string& architecture : two_.architectures()) {
    EXPECT_THAT(index, HasSubstr(architecture));
  }
}

void ClientMatrix::CheckMount() {
  Begin(nullptr);
  client_->Take(image_);
  ASSERT_NO_FATAL_FAILURE(Push("acme/one:v1"));
  const std::size_t before = server_->Requests().size();
  ASSERT_NO_FATAL_FAILURE(Push("acme/other:v1"));
  EXPECT_THAT(Operations(before), Contains("upload.mount 201"));
  ReadBack("acme/other:v1");
}

void ClientMatrix::CheckInspect() {
  Begin(nullptr);
  PushIndex("acme/two:v1");
  const Ended inspected = client_->Inspect("acme/two:v1");
  ASSERT_EQ(0, inspected.exit_code) << inspected.said << server_->Sequence();
  for (const std::string& architecture : two_.architectures()) {
    EXPECT_THAT(inspected.said, HasSubstr(architecture));
  }
}

void ClientMatrix::CheckDelete() {
  Begin(&image_);
  const Ended deleted = client_->Delete("acme/one:v1");
  if (hub() && row().offer == Offer::kRefusedByHub) {
    EXPECT_NE(0, deleted.exit_code);
    ReadBack("acme/one:v1");
    return;
  }
  ASSERT_EQ(0, deleted.exit_code) << deleted.said << server_->Sequence();
  EXPECT_THAT(Operations(), Contains("manifest.delete 202"));
  EXPECT_NE(0, client_->Pull("acme/one:v1").exit_code);
}

void ClientMatrix::CheckWrongPassword() {
  Begin(nullptr, "wrong-horse");
  client_->Take(image_);
  const Ended tried = client_->TryPassword("acme/one:v1");
  EXPECT_NE(0, tried.exit_code);
  EXPECT_THAT(tried.said, AnyOf(HasSubstr("unauthorized"), HasSubstr("Unauthorized"),
                                HasSubstr("invalid username/password")));
  EXPECT_THAT(Operations(), Contains("token 401"));
  EXPECT_THAT(Operations(), Not(Contains(HasSubstr("upload."))));
  EXPECT_THAT(server_->JournalText(), Not(HasSubstr("wrong-horse")));
}

void ClientMatrix::CheckMissingTag() {
  Begin(&image_);
  const Ended pulled = client_->Pull("acme/one:v2");
  EXPECT_NE(0, pulled.exit_code);
  EXPECT_THAT(pulled.said, AnyOf(HasSubstr("manifest unknown"), HasSubstr("not found")));
  EXPECT_THAT(Operations(),
              Contains(AnyOf(std::string("manifest.get 404"), std::string("manifest.head 404"))));
}

TEST_P(ClientMatrix, Row) {
  switch (row().what) {
    case Case::kPush:
      return CheckPush();
    case Case::kPushAgain:
      return CheckPushAgain();
    case Case::kPull:
      return CheckPull();
    case Case::kIndex:
      return CheckIndex();
    case Case::kMount:
      return CheckMount();
    case Case::kInspect:
      return CheckInspect();
    case Case::kDelete:
      return CheckDelete();
    case Case::kWrongPassword:
      return CheckWrongPassword();
    case Case::kMissingTag:
      return CheckMissingTag();
    case Case::kCacheExport:
    case Case::kCacheBlobRejected:
    case Case::kCacheManifestRejected:
      break;  // buildkit_test.cc
  }
}

TEST(ClientTrust, DockerAsksWhoSignedTheCertificate) {
  const TempFolder folder;
  const OciLayout image(folder, "one", {"amd64"}, 1'000);
  const auto server =
      ServeAs(Against::kDockerHub, folder, {"--preload", Concat({"acme/one=", image.path()})});
  const bool debian13 = DRYDOCK_TEST_DEBIAN == 13;
  RegistryAccess access =
      AccessTo(*server, Against::kDockerHub, folder, debian13 ? kHubName : "localhost");
  access.ca_file.clear();
  const Ended pulled =
      MakeClient(debian13 ? "docker 26.1" : "docker 20.10", folder, access)->Pull("acme/one:v1");
  EXPECT_NE(0, pulled.exit_code);
  EXPECT_THAT(pulled.said, HasSubstr("x509: certificate signed by unknown authority"));
  EXPECT_EQ("", server->Sequence());
}

bool IsWanted(const ClientRow& row) {
  return row.what < Case::kCacheExport && IsOfDebian13(row) == (DRYDOCK_TEST_DEBIAN == 13);
}

INSTANTIATE_TEST_SUITE_P(Clients, ClientMatrix, ::testing::ValuesIn(ClientCells(IsWanted)),
                         [](const auto& cell) { return TestName(cell.param); });

}  // namespace
}  // namespace drydock::testing
