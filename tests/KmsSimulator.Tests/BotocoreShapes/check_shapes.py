"""Calls every operation that the simulator has and holds what comes over the wire against botocore's service models.

Usage: check_shapes.py URL SIMULATED_OPERATION...
Prints one line for each deviation and ends with 1 if there is any. Needs botocore; the models are read where it is installed.
"""

import json
import subprocess
import sys
import tempfile
import urllib.request

import botocore.session
from botocore.config import Config

PYTHON_TYPES = {
    "string": str,
    "integer": int,
    "long": int,
    "boolean": bool,
    "list": list,
    "structure": dict,
    "map": dict,
    "timestamp": (int, float),
    "blob": str,
}

# What .NET's SDK has and this model has not yet; see docs/simulator.md.
NEWER = {"EncapsulationAlgorithms"}

# Deprecated, and by its own documentation equal to KeySpec, whose newer values its list does not have.
STALE_ENUMS = {"CustomerMasterKeySpec"}


def deviations(shape, value, path):
    expected = PYTHON_TYPES[shape.type_name]
    if not isinstance(value, expected) or (shape.type_name != "boolean" and isinstance(value, bool)):
        yield f"{path}: {type(value).__name__}, not {shape.type_name}"
        return
    if shape.type_name == "structure":
        for name, member in value.items():
            if name not in shape.members:
                if name not in NEWER:
                    yield f"{path}.{name}: not in the model"
            else:
                yield from deviations(shape.members[name], member, f"{path}.{name}")
        for name in shape.required_members:
            if name not in value:
                yield f"{path}.{name}: required and absent"
    elif shape.type_name == "list":
        for index, item in enumerate(value):
            yield from deviations(shape.member, item, f"{path}[{index}]")
    elif shape.type_name == "map":
        for name, item in value.items():
            yield from deviations(shape.value, item, f"{path}[{name}]")
    elif shape.type_name == "string" and shape.enum and shape.name not in STALE_ENUMS and value not in shape.enum:
        yield f"{path}: {value} is none of {shape.enum}"


class Caller:
    def __init__(self, url, region="us-east-1"):
        session = botocore.session.Session()
        session.set_credentials("AKIATEST", "secret")
        config = Config(retries={"max_attempts": 0})
        self.client = session.create_client("kms", region_name=region, endpoint_url=url, config=config)
        self.model = session.get_service_model("kms")
        self.raw = None
        self.found = []
        self.seen = set()
        self.client.meta.events.register("before-parse.kms", self.keep_raw)

    def keep_raw(self, response_dict, **_):
        self.raw = response_dict

    def call(self, operation, **parameters):
        method = botocore.xform_name(operation)
        answer = getattr(self.client, method)(**parameters)
        body = json.loads(self.raw["body"])
        shape = self.model.operation_model(operation).output_shape
        if shape is None:
            self.found += [f"{operation}: a body where the model has none"] if body else []
        else:
            self.found += deviations(shape, body, operation)
        self.seen.add(operation)
        return answer

    def fails(self, operation, code, **parameters):
        error_shapes = {shape.name: shape for shape in self.model.operation_model(operation).error_shapes}
        try:
            getattr(self.client, botocore.xform_name(operation))(**parameters)
            self.found.append(f"{operation}: no {code}")
        except self.client.exceptions.ClientError as error:
            got = error.response["Error"]["Code"]
            if got != code:
                self.found.append(f"{operation}: {got}, not {code}")
            if code not in error_shapes:
                self.found.append(f"{operation}: the model has no {code}")


def advance(url, seconds):
    request = urllib.request.Request(f"{url}/_sim/clock", json.dumps({"advanceSeconds": seconds}).encode())
    urllib.request.urlopen(request).read()


def exercise_other_usages(kms):
    def create(spec, usage):
        return kms.call("CreateKey", KeySpec=spec, KeyUsage=usage)["KeyMetadata"]["KeyId"]

    signing, mac = create("ECC_NIST_P256", "SIGN_VERIFY"), create("HMAC_256", "GENERATE_VERIFY_MAC")
    signed = {"KeyId": signing, "Message": b"m", "SigningAlgorithm": "ECDSA_SHA_256"}
    signature = kms.call("Sign", **signed)["Signature"]
    kms.call("Verify", **signed, Signature=signature)
    kms.fails("Verify", "KMSInvalidSignatureException", **{**signed, "Message": b"n"}, Signature=signature)
    coded = {"KeyId": mac, "Message": b"m", "MacAlgorithm": "HMAC_SHA_256"}
    code = kms.call("GenerateMac", **coded)["Mac"]
    kms.call("VerifyMac", **coded, Mac=code)
    kms.fails("VerifyMac", "KMSInvalidMacException", **{**coded, "Message": b"n"}, Mac=code)
    one, two = create("ECC_NIST_P384", "KEY_AGREEMENT"), create("ECC_NIST_P384", "KEY_AGREEMENT")
    public_key = kms.call("GetPublicKey", KeyId=two)["PublicKey"]
    kms.call("DeriveSharedSecret", KeyId=one, KeyAgreementAlgorithm="ECDH", PublicKey=public_key)


def exercise_import(kms, key):
    parameters = kms.call("GetParametersForImport", KeyId=key, WrappingAlgorithm="RSAES_OAEP_SHA_256", WrappingKeySpec="RSA_2048")
    with tempfile.NamedTemporaryFile() as public_key:
        public_key.write(parameters["PublicKey"])
        public_key.flush()
        options = ["rsa_padding_mode:oaep", "rsa_oaep_md:sha256", "rsa_mgf1_md:sha256"]
        command = ["openssl", "pkeyutl", "-encrypt", "-pubin", "-keyform", "DER", "-inkey", public_key.name]
        command += [part for option in options for part in ("-pkeyopt", option)]
        wrapped = subprocess.run(command, input=bytes(32), capture_output=True, check=True).stdout
    material = {"KeyId": key, "ImportToken": parameters["ImportToken"], "EncryptedKeyMaterial": wrapped}
    kms.call("ImportKeyMaterial", **material, ExpirationModel="KEY_MATERIAL_DOES_NOT_EXPIRE")
    kms.call("DescribeKey", KeyId=key)
    kms.call("ListKeyRotations", KeyId=key, IncludeKeyMaterial="ALL_KEY_MATERIAL")
    kms.fails("ImportKeyMaterial", "InvalidImportTokenException", **{**material, "ImportToken": b"x"}, ExpirationModel="KEY_MATERIAL_DOES_NOT_EXPIRE")
    kms.call("DeleteImportedKeyMaterial", KeyId=key)
    kms.fails("Encrypt", "KMSInvalidStateException", KeyId=key, Plaintext=b"x")


def exercise(url):
    kms = Caller(url)
    role = "arn:aws:iam::123456789012:role/r"
    specs = {
        "RSA_2048": "SIGN_VERIFY", "RSA_3072": "ENCRYPT_DECRYPT", "ECC_NIST_P256": "KEY_AGREEMENT", "ECC_NIST_EDWARDS25519": "SIGN_VERIFY",
        "ECC_SECG_P256K1": "SIGN_VERIFY", "HMAC_224": "GENERATE_VERIFY_MAC", "HMAC_512": "GENERATE_VERIFY_MAC", "ML_DSA_87": "SIGN_VERIFY",
    }
    for spec, usage in specs.items():
        kms.call("CreateKey", KeySpec=spec, KeyUsage=usage)
    external = kms.call("CreateKey", Origin="EXTERNAL")["KeyMetadata"]["KeyId"]
    key = kms.call("CreateKey", MultiRegion=True, Description="d", Tags=[{"TagKey": "a", "TagValue": "b"}])["KeyMetadata"]["KeyId"]
    other = kms.call("CreateKey")["KeyMetadata"]["KeyId"]
    kms.call("DescribeKey", KeyId=key)
    kms.call("ListKeys", Limit=2)
    kms.call("UpdateKeyDescription", KeyId=key, Description="e")
    policy = kms.call("GetKeyPolicy", KeyId=key)["Policy"]
    kms.call("PutKeyPolicy", KeyId=key, Policy=policy)
    kms.call("ListKeyPolicies", KeyId=key)
    kms.call("CreateAlias", AliasName="alias/a", TargetKeyId=key)
    kms.fails("CreateAlias", "AlreadyExistsException", AliasName="alias/a", TargetKeyId=key)
    kms.call("UpdateAlias", AliasName="alias/a", TargetKeyId=other)
    kms.call("ListAliases")
    kms.call("DeleteAlias", AliasName="alias/a")
    kms.call("TagResource", KeyId=key, Tags=[{"TagKey": "c", "TagValue": ""}])
    kms.call("UntagResource", KeyId=key, TagKeys=["c"])
    kms.call("ListResourceTags", KeyId=key)
    kms.fails("TagResource", "TagException", KeyId=key, Tags=[{"TagKey": "aws:c", "TagValue": ""}])
    kms.call("EnableKeyRotation", KeyId=key)
    kms.call("RotateKeyOnDemand", KeyId=key)
    kms.call("GetKeyRotationStatus", KeyId=key)
    advance(url, 366 * 86400)
    kms.call("ListKeyRotations", KeyId=key, IncludeKeyMaterial="ALL_KEY_MATERIAL")
    kms.call("DisableKeyRotation", KeyId=key)
    kms.call("GetKeyLastUsage", KeyId=key)
    blob = kms.call("Encrypt", KeyId=key, Plaintext=b"x", EncryptionContext={"a": "b"})["CiphertextBlob"]
    kms.call("Decrypt", CiphertextBlob=blob, EncryptionContext={"a": "b"})
    kms.fails("Decrypt", "InvalidCiphertextException", CiphertextBlob=blob)
    kms.call("GenerateDataKey", KeyId=key, KeySpec="AES_256")
    kms.call("GenerateDataKeyWithoutPlaintext", KeyId=key, KeySpec="AES_256")
    kms.call("GenerateDataKeyPair", KeyId=key, KeyPairSpec="ECC_NIST_P256")
    kms.call("GenerateDataKeyPairWithoutPlaintext", KeyId=key, KeyPairSpec="ECC_NIST_P256")
    kms.call("ReEncrypt", CiphertextBlob=blob, SourceEncryptionContext={"a": "b"}, DestinationKeyId=other)
    kms.call("GenerateRandom", NumberOfBytes=8)
    exercise_other_usages(kms)
    exercise_import(kms, external)
    kms.call("GetKeyLastUsage", KeyId=key)
    grant = {"KeyId": key, "GranteePrincipal": role, "RetiringPrincipal": role, "Operations": ["Encrypt"]}
    first = kms.call("CreateGrant", **grant, Name="n", Constraints={"EncryptionContextEquals": {"a": "b"}})
    second = kms.call("CreateGrant", **grant)
    kms.call("ListGrants", KeyId=key)
    kms.call("ListRetirableGrants", RetiringPrincipal=role)
    kms.call("RetireGrant", GrantToken=first["GrantToken"])
    kms.call("RevokeGrant", KeyId=key, GrantId=second["GrantId"])
    kms.fails("CreateGrant", "DryRunOperationException", **grant, DryRun=True)
    kms.call("ReplicateKey", KeyId=key, ReplicaRegion="eu-west-1", Tags=[{"TagKey": "a", "TagValue": "b"}])
    kms.fails("ReplicateKey", "AlreadyExistsException", KeyId=key, ReplicaRegion="eu-west-1")
    advance(url, 1)
    kms.call("UpdatePrimaryRegion", KeyId=key, PrimaryRegion="eu-west-1")
    kms.call("DescribeKey", KeyId=key)
    advance(url, 1)
    kms.call("DisableKey", KeyId=other)
    kms.fails("EnableKeyRotation", "DisabledException", KeyId=other)
    kms.call("EnableKey", KeyId=other)
    kms.call("ScheduleKeyDeletion", KeyId=other, PendingWindowInDays=7)
    kms.fails("EnableKey", "KMSInvalidStateException", KeyId=other)
    kms.call("DescribeKey", KeyId=other)
    kms.call("CancelKeyDeletion", KeyId=other)
    kms.fails("DescribeKey", "NotFoundException", KeyId="00000000-0000-0000-0000-000000000000")
    kms.fails("DescribeKey", "InvalidArnException", KeyId="arn:aws:s3:::b")
    kms.fails("CreateKey", "MalformedPolicyDocumentException", Policy="{")
    primary = Caller(url, "eu-west-1")
    primary.call("ScheduleKeyDeletion", KeyId=key, PendingWindowInDays=7)
    primary.call("DescribeKey", KeyId=key)
    return kms, kms.found + primary.found


def main():
    url, simulated = sys.argv[1], set(sys.argv[2:])
    kms, found = exercise(url)
    found += [f"{name}: simulated, and not called here" for name in sorted(simulated - kms.seen)]
    found += [f"{name}: called here, and not in the model" for name in sorted(kms.seen - set(kms.model.operation_names))]
    print("\n".join(found))
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
