using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using KmsOperator.Api;
using KmsOperator.Manifests;
using KmsOperator.Planning;
using KmsOperator.Schemas;

namespace KmsOperator.Rendering;

/// <summary>
/// What the operator would make of manifests: the same resolution as at run time, with what only a cluster or AWS knows left out
/// (uids, the cluster id, a primary that is managed elsewhere).
/// </summary>
internal static partial class ManifestRenderer
{
    /// <summary>Renders every ServiceKey and KeyReplica, also those that <c>replicaRegions</c> makes.</summary>
    /// <param name="manifests">Resources with their places in files.</param>
    /// <param name="defaultAccount">Account of classes that name none.</param>
    public static ManifestRendering Render(ManifestSet manifests, string? defaultAccount)
    {
        var run = new Run(manifests, defaultAccount);
        foreach (var manifest in manifests.Resources)
        {
            run.Render(manifest);
        }

        return new ManifestRendering(run.Keys, run.Errors);
    }

    private sealed class Run
    {
        private const string DefaultNamespace = "default";

        private readonly ManifestSet _manifests;
        private readonly ManifestClasses _classes;
        private readonly ManifestIdentities _identities;

        public Run(ManifestSet manifests, string? defaultAccount)
        {
            _manifests = manifests;
            _classes = new ManifestClasses(manifests, defaultAccount, Errors);
            _identities = new ManifestIdentities(Errors);
        }

        public List<RenderedResource> Keys { get; } = [];

        public List<ManifestError> Errors { get; } = [];

        public void Render(ManifestResource manifest)
        {
            var @namespace = manifest.Resource is KeyClass ? "" : NamespaceOf(manifest.Resource);
            if (!_identities.IsFirst(manifest, @namespace))
            {
                return;
            }

            var invalid = ManifestCheck.Find(manifest);
            foreach (var error in invalid)
            {
                Errors.Add(manifest.Error(error.Field, error.Message));
            }

            if (invalid.Count > 0)
            {
                return;
            }

            switch (manifest.Resource)
            {
                case ServiceKey key:
                    RenderKey(manifest, key with { Metadata = key.Metadata with { Namespace = @namespace } });
                    break;
                case KeyReplica replica:
                    RenderReplica(manifest, replica with { Metadata = replica.Metadata with { Namespace = @namespace } });
                    break;
            }
        }

        private void RenderKey(ManifestResource manifest, ServiceKey key)
        {
            if (_classes.Find(manifest, key.Spec.ClassName, key.Metadata.Namespace!) is not { } found
                || IsRefused(manifest, found.KeyClass, key)
                || !Take(manifest, ServiceKeyResolver.Resolve(key, found.KeyClass, found.Account, clusterId: "")))
            {
                return;
            }

            foreach (var region in key.Spec.ReplicaRegions ?? [])
            {
                RenderOwnedReplica(manifest, key, region, found.KeyClass, found.Account);
            }
        }

        /// <summary>The KeyReplica that the operator makes for one of the <c>replicaRegions</c>.</summary>
        private void RenderOwnedReplica(ManifestResource manifest, ServiceKey key, string region, KeyClass keyClass, string account)
        {
            const string field = "spec.replicaRegions";
            var name = ReplicaNames.Of(key.Metadata.Name, region);
            if (Find<KeyReplica>(name, key.Metadata.Namespace!) is { } other)
            {
                // An export of a cluster has it already, and it is rendered where it stands.
                if (((KeyReplica)other.Resource).Metadata.OwnerReferences?.Any(owner => owner.Controller == true && owner.Name == key.Metadata.Name) != true)
                {
                    Errors.Add(manifest.Error(
                        field, $"{Reasons.ReplicaConflict}: KeyReplica {name} of {other.Place} has the name of the one that is made for {region}; rename it, or remove {region} from the list"));
                }

                return;
            }

            var replica = new KeyReplica
            {
                Metadata = new ObjectMeta { Namespace = key.Metadata.Namespace, Name = name },
                Spec = new KeyReplicaSpec { PrimaryRef = new PrimaryRef { Name = key.Metadata.Name }, Region = region },
            };
            if (ViolationOf(keyClass, replica) is { } violation)
            {
                Errors.Add(manifest.Error(field, $"KeyReplica {name}: {violation.Reason}: {violation.Message}"));
                return;
            }

            var resolution = KeyReplicaResolver.Resolve(replica, key, PrimaryChecks.FindRefusal(key, keyClass, account, clusterId: ""), keyClass, account, clusterId: "");
            if (resolution.Value is { } desired)
            {
                Add(manifest, field, RenderedKey.Of(desired));
            }
            else
            {
                Errors.Add(manifest.Error(field, $"KeyReplica {name}: {resolution.Error!.Reason}: {resolution.Error.Message}"));
            }
        }

        private void RenderReplica(ManifestResource manifest, KeyReplica replica)
        {
            var @namespace = replica.Metadata.Namespace!;
            if (replica.Spec.PrimaryRef is not { } reference)
            {
                RenderForeignReplica(manifest, replica);
            }
            else if (Find<ServiceKey>(reference.Name, @namespace)?.Resource is not ServiceKey primary)
            {
                Errors.Add(manifest.Error("spec.primaryRef.name", $"there is no ServiceKey {reference.Name} in namespace {@namespace} among the manifests"));
            }
            else if (_classes.Find(manifest, primary.Spec.ClassName, @namespace) is { } found && !IsRefused(manifest, found.KeyClass, replica))
            {
                var placed = primary with { Metadata = primary.Metadata with { Namespace = @namespace } };
                var refusal = PrimaryChecks.FindRefusal(placed, found.KeyClass, found.Account, clusterId: "");
                Take(manifest, KeyReplicaResolver.Resolve(replica, placed, refusal, found.KeyClass, found.Account, clusterId: ""));
            }
        }

        private void RenderForeignReplica(ManifestResource manifest, KeyReplica replica)
        {
            if (_classes.Find(manifest, replica.Spec.ClassName, replica.Metadata.Namespace!) is not { } found || IsRefused(manifest, found.KeyClass, replica))
            {
                return;
            }

            var (outline, error) = KeyReplicaResolver.Outline(replica, found.KeyClass, found.Account, clusterId: "");
            if (outline is null)
            {
                Errors.Add(ErrorOf(manifest, error!));
            }
            else
            {
                Add(manifest, "spec.alias", RenderedKey.Of(outline));
            }
        }

        private bool IsRefused(ManifestResource manifest, KeyClass keyClass, IResource placed)
        {
            if (ViolationOf(keyClass, placed) is not { } violation)
            {
                return false;
            }

            Errors.Add(ErrorOf(manifest, violation));
            return true;
        }

        private ReconcileError? ViolationOf(KeyClass keyClass, IResource placed) =>
            ClassRules.FindViolation(keyClass, placed, _manifests.Namespaces.GetValueOrDefault(placed.Metadata.Namespace!));

        private bool Take(ManifestResource manifest, Resolved<DesiredKey> resolution)
        {
            if (resolution.Value is { } key)
            {
                return Add(manifest, "spec.alias", RenderedKey.Of(key));
            }

            Errors.Add(ErrorOf(manifest, resolution.Error!));
            return false;
        }

        private bool Add(ManifestResource manifest, string aliasField, RenderedKey key)
        {
            if (!_identities.ClaimAliases(manifest, aliasField, key))
            {
                return false;
            }

            Keys.Add(new RenderedResource(key, manifest));
            return true;
        }

        private ManifestResource? Find<T>(string name, string @namespace)
            where T : IResource =>
            _manifests.Resources.FirstOrDefault(other => other.Resource is T resource && resource.Metadata.Name == name && NamespaceOf(resource) == @namespace);

        private static string NamespaceOf(IResource resource) => resource.Metadata.Namespace ?? DefaultNamespace;
    }

    /// <summary>A error begins with its field, unless it is about another resource.</summary>
    private static ManifestError ErrorOf(ManifestResource manifest, ReconcileError error) => FieldFirst().Match(error.Message) is { Success: true } match
        ? manifest.Error(match.Groups["field"].Value, $"{error.Reason}: {error.Message[match.Length..]}")
        : manifest.Error("spec", $"{error.Reason}: {error.Message}");

    [GeneratedRegex(@"^(?<field>(spec|metadata)(\.[A-Za-z0-9:/_-]+|\[[0-9]+\])+): ", RegexOptions.ExplicitCapture)]
    private static partial Regex FieldFirst();
}

/// <summary>What manifests came to.</summary>
/// <param name="Keys">Each key with its resource.</param>
/// <param name="Errors">What is wrong, with file, line and field.</param>
internal sealed record ManifestRendering(IReadOnlyList<RenderedResource> Keys, IReadOnlyList<ManifestError> Errors)
{
    /// <summary>An object for each key.</summary>
    public JsonArray ToJson() => [.. Keys.Select(key => (JsonNode)key.Key.ToJson())];
}

/// <summary>A key and the resource that describes it; a replica of <c>replicaRegions</c> is described by its ServiceKey.</summary>
/// <param name="Key">What the operator would make.</param>
/// <param name="Manifest">Where it is described.</param>
internal sealed record RenderedResource(RenderedKey Key, ManifestResource Manifest);
