using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using KmsOperator.Api;
using KmsOperator.Kubernetes;
using KmsOperator.Simulation.Worlds;

namespace KmsOperator.Simulation.Scripts;

/// <summary>What the cluster's users do to their resources. Subjects are <c>namespace/name</c>.</summary>
internal static class UserVerbs
{
    public static IReadOnlyDictionary<string, Action<SimulatedWorld, ScriptStep>> All { get; } = new Dictionary<string, Action<SimulatedWorld, ScriptStep>>
    {
        ["create"] = Create,
        ["edit"] = (world, step) => Edit(world, step, Spec(world, step)),
        ["edit-class"] = (world, step) => world.Users.Patch(
            "KeyClass", new NamespacedName("", step.Subject), new JsonObject { ["spec"] = Spec(world, step) }.ToJsonString()),
        ["create-class"] = (world, step) => StartingPoint.CreateClass(world, step.Subject),
        ["delete-class"] = (world, step) => world.Users.Delete("KeyClass", new NamespacedName("", step.Subject)),
        ["default-class"] = MakeDefault,
        ["create-namespace"] = (world, step) => CreateNamespace(world, step.Subject),
        ["delete-namespace"] = (world, step) => DeleteNamespace(world, step.Subject),
        ["delete"] = (world, step) => world.Users.Delete(KindOf(world, step), KeyOf(step)),
        ["rotate-at"] = (world, step) => world.Users.Annotate(KindOf(world, step), KeyOf(step), AnnotationNames.RotateAt, step.Arguments[1]),
        ["protect"] = (world, step) => world.Users.Annotate(KindOf(world, step), KeyOf(step), AnnotationNames.DeletionProtection, step.Arguments[1]),
        ["confirm-deletion"] = (world, step) => world.Users.Annotate(KindOf(world, step), KeyOf(step), AnnotationNames.ConfirmDeletion, StatusOf(world, step.Subject)?.KeyId),
        ["reconcile-at"] = (world, step) => world.Users.Annotate(KindOf(world, step), KeyOf(step), AnnotationNames.ReconcileAt, step.Arguments[1]),
        ["put-secret"] = PutSecret,
        ["delete-secret"] = (world, step) => world.Users.Delete("Secret", KeyOf(step)),
        ["erase-status"] = EraseStatus,
        ["forge-status"] = ForgeStatus,
        ["take-finalizer-off"] = TakeFinalizerOff,
    };

    /// <summary>The kind of a subject: replicas have it in their name.</summary>
    public static string KindOf(SimulatedWorld world, ScriptStep step) =>
        step.Value("primary") is not null || step.Value("primaryKeyOf") is not null || world.Users.Find(KeyReplica.KindName, KeyOf(step)) is not null ? KeyReplica.KindName : ServiceKey.KindName;

    public static NamespacedName KeyOf(ScriptStep step) => KeyOf(step.Subject);

    public static NamespacedName KeyOf(string subject) => new(subject[..subject.IndexOf('/', StringComparison.Ordinal)], subject[(subject.IndexOf('/', StringComparison.Ordinal) + 1)..]);

    /// <summary>Makes a Secret with key material of 32 bytes, which a word of the script stands for, or gives it other material.</summary>
    private static void PutSecret(SimulatedWorld world, ScriptStep step)
    {
        var key = KeyOf(step);
        var data = new JsonObject { ["material"] = Convert.ToBase64String(SHA256.HashData(Encoding.UTF8.GetBytes(step.Arguments[1]))) };
        if (world.Users.Find("Secret", key) is not null)
            world.Users.Patch("Secret", key, new JsonObject { ["data"] = data }.ToJsonString());
        else
            world.Users.Create(new JsonObject { ["apiVersion"] = "v1", ["kind"] = "Secret", ["metadata"] = new JsonObject { ["name"] = key.Name }, ["data"] = data }.ToJsonString(), key.Namespace);
    }

    private static KeyStatus? StatusOf(SimulatedWorld world, string subject) => world.Cluster.Resources.FirstOrDefault(resource => NamespacedName.Of(resource) == KeyOf(subject))?.Status;

    private static void Create(SimulatedWorld world, ScriptStep step)
    {
        var key = KeyOf(step);
        var manifest = new JsonObject
        {
            ["apiVersion"] = ApiGroup.ApiVersion,
            ["kind"] = KindOf(world, step),
            ["metadata"] = new JsonObject { ["name"] = key.Name, ["namespace"] = key.Namespace },
            ["spec"] = Spec(world, step),
        };
        world.Users.Create(manifest.ToJsonString(), key.Namespace);
    }

    private static void Edit(SimulatedWorld world, ScriptStep step, JsonObject spec) =>
        world.Users.Patch(KindOf(world, step), KeyOf(step), new JsonObject { ["spec"] = spec }.ToJsonString());

    /// <summary>Made again, if the one of before is gone. Nothing is made in one that is being deleted.</summary>
    private static void CreateNamespace(SimulatedWorld world, string name)
    {
        world.Server.FinalizeNamespaces();
        world.Users.EnsureNamespace(name);
    }

    private static void DeleteNamespace(SimulatedWorld world, string name)
    {
        world.Users.Delete("Namespace", new NamespacedName("", name));
        world.Server.FinalizeNamespaces();
    }

    /// <summary>Another class becomes the default one.</summary>
    private static void MakeDefault(SimulatedWorld world, ScriptStep step)
    {
        foreach (var keyClass in world.Cluster.Classes)
            world.Users.Annotate("KeyClass", NamespacedName.Of(keyClass), AnnotationNames.IsDefaultClass, keyClass.Metadata.Name == step.Subject ? "true" : null);
    }

    private static void EraseStatus(SimulatedWorld world, ScriptStep step)
    {
        if (world.Users.Find(KindOf(world, step), KeyOf(step)) is { } erased)
            world.History.RotationRecordErased((string)erased["metadata"]!["uid"]!);
        SetStatus(world, step, new JsonObject { ["observedGeneration"] = -1 });
    }

    /// <summary>Makes the status claim another resource's key.</summary>
    private static void ForgeStatus(SimulatedWorld world, ScriptStep step)
    {
        if (StatusOf(world, step.Arguments[1]) is not { KeyId: { } keyId } status)
            return;
        world.History.ClaimedByForgery(keyId);
        SetStatus(world, step, new JsonObject { ["keyId"] = keyId, ["arn"] = status.Arn, ["aliasName"] = null, ["desiredSha256"] = null });
    }

    private static void SetStatus(SimulatedWorld world, ScriptStep step, JsonObject status)
    {
        var kind = KindOf(world, step);
        if (world.Users.Find(kind, KeyOf(step))?["status"] is not JsonObject now)
            return;
        if (status.ContainsKey("observedGeneration"))
        {
            foreach (var (name, _) in now)
                status.TryAdd(name, null);
        }

        var overwritten = world.Cluster.Resources.First(resource => resource.Kind == kind && NamespacedName.Of(resource) == KeyOf(step));
        world.Users.Patch(kind, KeyOf(step), new JsonObject { ["status"] = status }.ToJsonString(), "status");
        world.History.StatusOverwritten(overwritten);
    }

    private static void TakeFinalizerOff(SimulatedWorld world, ScriptStep step)
    {
        world.History.Excuse($"{KindOf(world, step)}/{step.Subject}");
        world.Users.Patch(KindOf(world, step), KeyOf(step), """{"metadata":{"finalizers":null}}""");
    }

    /// <summary>A grant to the administrator of the classes: its name and operation.</summary>
    private static JsonObject GrantOf(string[] parts) => new() { ["name"] = parts[0], ["granteePrincipal"] = "admin", ["operations"] = new JsonArray(parts[1]) };

    private static JsonObject Spec(SimulatedWorld world, ScriptStep step)
    {
        var spec = new JsonObject();
        foreach (var argument in step.Arguments.Skip(1))
        {
            var split = argument.IndexOf('=', StringComparison.Ordinal);
            var (name, value) = (argument[..split], argument[(split + 1)..]);
            switch (name)
            {
                case "enabled" or "multiRegion" or "suspend" or "takeOverAlias" or "recreateLostKey":
                    spec[name] = value == "true";
                    break;
                case "replicaRegions":
                    spec[name] = new JsonArray([.. value.Split('+', StringSplitOptions.RemoveEmptyEntries).Select(region => JsonValue.Create(region))]);
                    break;
                case "users":
                    spec["access"] = new JsonObject { ["users"] = new JsonArray([.. value.Split('+', StringSplitOptions.RemoveEmptyEntries).Select(user => JsonValue.Create(user))]) };
                    break;
                case "additionalAliases":
                    spec[name] = new JsonArray([.. value.Split('+', StringSplitOptions.RemoveEmptyEntries).Select(alias => JsonValue.Create(alias))]);
                    break;
                case "grants":
                    spec[name] = new JsonArray([.. value.Split('+', StringSplitOptions.RemoveEmptyEntries).Select(grant => GrantOf(grant.Split(':')))]);
                    break;
                case "rotationDays":
                    spec["rotation"] = new JsonObject { ["periodDays"] = int.Parse(value, CultureInfo.InvariantCulture) };
                    break;
                case "primary":
                    spec["primaryRef"] = new JsonObject { ["name"] = value };
                    break;
                case "primaryKeyOf":
                    spec["primaryKeyArn"] = StatusOf(world, value)?.Arn
                        ?? "arn:aws:kms:us-east-1:123456789012:key/mrk-00000000000000000000000000000000";
                    break;
                case "adopt":
                    spec[name] = value == "null" ? null : new JsonObject { ["keyId"] = value };
                    break;
                case "adoptKeyOf":
                    spec["adopt"] = new JsonObject { ["keyId"] = StatusOf(world, value)?.KeyId ?? "00000000-0000-0000-0000-000000000000" };
                    break;
                case "material":
                    spec[name] = value == "null" ? null : new JsonObject { ["secretRef"] = new JsonObject { ["name"] = value } };
                    break;
                case "validTo":
                    // Seconds from now, after "material".
                    spec["material"]!["validTo"] = value == "null" ? null
                        : world.Now.AddSeconds(double.Parse(value, CultureInfo.InvariantCulture)).UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);
                    break;
                case "roleArn":
                    spec["account"] = value == "null" ? null : new JsonObject { ["roleArn"] = value };
                    break;
                case "tag":
                    spec["tags"] = new JsonObject { ["team"] = value };
                    break;
                default:
                    spec[name] = value == "null" ? null : value;
                    break;
            }
        }

        return spec;
    }
}
