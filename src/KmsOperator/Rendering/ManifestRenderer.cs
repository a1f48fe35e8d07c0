using System.Text.Json.Nodes;
using KmsOperator.Api;
using KmsOperator.Manifests;
using KmsOperator.Planning;

namespace KmsOperator.Rendering;

/// <summary>
/// What the operator would make of manifests: the same resolution as at run time, with what only a cluster or AWS knows left out
/// (uids, the cluster id, a primary that is managed elsewhere).
/// </summary>
internal static class ManifestRenderer
{
    /// <summary>Renders every ServiceKey and KeyReplica, also those that <c>replicaRegions</c> makes.</summary>
    /// <param name="manifests">Resources with their places in files.</param>
    /// <param name="defaultAccount">Account of classes that name none.</param>
    public static ManifestRendering Render(IReadOnlyList<ManifestResource> manifests, string? defaultAccount)
    {
        var run = new Run(manifests, defaultAccount);
        foreach (var manifest in manifests)
        {
            run.Render(manifest);
        }

        return new ManifestRendering(run.Keys, run.Errors);
    }

    private sealed class Run(IReadOnlyList<ManifestResource> manifests, string? defaultAccount)
    {
        private const string DefaultNamespace = "default";

        public JsonArray Keys { get; } = [];

        public List<ManifestError> Errors { get; } = [];

        public void Render(ManifestResource manifest)
        {
            IReadOnlyList<FieldError> invalid = manifest.Resource switch
            {
                KeyClass keyClass => SpecValidation.Validate(keyClass),
                ServiceKey key => SpecValidation.Validate(key),
                KeyReplica replica => SpecValidation.Validate(replica),
                _ => [],
            };
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
                    RenderKey(manifest, key with { Metadata = key.Metadata with { Namespace = NamespaceOf(key) } });
                    break;
                case KeyReplica replica:
                    RenderReplica(manifest, replica with { Metadata = replica.Metadata with { Namespace = NamespaceOf(replica) } });
                    break;
            }
        }

        private void RenderKey(ManifestResource manifest, ServiceKey key)
        {
            if (FindClass(manifest, key.Spec.ClassName) is not { } found)
            {
                return;
            }

            if (Take(manifest, ServiceKeyResolver.Resolve(key, found.KeyClass, found.Account, clusterId: "")))
            {
                foreach (var region in key.Spec.ReplicaRegions ?? [])
                {
                    var replica = new KeyReplica
                    {
                        Metadata = new ObjectMeta { Namespace = key.Metadata.Namespace, Name = ReplicaResources.NameFor(key.Metadata.Name, region) },
                        Spec = new KeyReplicaSpec { PrimaryRef = new PrimaryRef { Name = key.Metadata.Name }, Region = region },
                    };
                    Take(manifest, KeyReplicaResolver.Resolve(replica, key, found.KeyClass, found.Account, clusterId: ""));
                }
            }
        }

        private void RenderReplica(ManifestResource manifest, KeyReplica replica)
        {
            if (replica.Spec.PrimaryRef is not { } reference)
            {
                RenderForeignReplica(manifest, replica);
                return;
            }

            var primary = manifests.Select(other => other.Resource).OfType<ServiceKey>()
                .FirstOrDefault(key => key.Metadata.Name == reference.Name && NamespaceOf(key) == NamespaceOf(replica));
            if (primary is null)
            {
                Errors.Add(manifest.Error("spec.primaryRef.name", $"there is no ServiceKey {reference.Name} in namespace {NamespaceOf(replica)} among the manifests"));
            }
            else if (FindClass(manifest, primary.Spec.ClassName) is { } found)
            {
                Take(manifest, KeyReplicaResolver.Resolve(replica, primary, found.KeyClass, found.Account, clusterId: ""));
            }
        }

        /// <summary>What such a replica takes from its primary is known to AWS alone, and null here.</summary>
        private void RenderForeignReplica(ManifestResource manifest, KeyReplica replica)
        {
            if (FindClass(manifest, replica.Spec.ClassName) is not { } found)
            {
                return;
            }

            var policy = replica.Spec.Policy?.Override;
            Keys.Add((JsonNode)new JsonObject
            {
                ["kind"] = KeyReplica.KindName,
                ["namespace"] = NamespaceOf(replica),
                ["name"] = replica.Metadata.Name,
                ["region"] = replica.Spec.Region,
                ["account"] = found.Account,
                ["alias"] = replica.Spec.Alias,
                ["description"] = replica.Spec.Description ?? $"Multi-Region replica key from {replica.Spec.PrimaryKeyArn!.Split(':')[3]}",
                ["keySpec"] = null,
                ["keyUsage"] = null,
                ["multiRegion"] = true,
                ["tags"] = new JsonObject((replica.Spec.Tags ?? new Dictionary<string, string>()).Select(tag => KeyValuePair.Create(tag.Key, (JsonNode?)tag.Value))),
                ["policy"] = policy is { } document ? JsonNode.Parse(document.GetRawText()) : null,
            });
        }

        private bool Take(ManifestResource manifest, Resolution resolution)
        {
            if (resolution.Key is not { } key)
            {
                Errors.Add(manifest.Error("spec", $"{resolution.Finding!.Reason}: {resolution.Finding.Message}"));
                return false;
            }

            // Uid and cluster are known only where the resource lives.
            var tags = key.Tags.Where(tag => tag.Key is not (TagNames.Uid or TagNames.Cluster)).OrderBy(tag => tag.Key, StringComparer.Ordinal);
            Keys.Add((JsonNode)new JsonObject
            {
                ["kind"] = key.Owner.Kind,
                ["namespace"] = NamespaceOf(manifest.Resource),
                ["name"] = key.Owner.Name,
                ["region"] = key.Location.Region,
                ["account"] = key.Location.AccountId,
                ["alias"] = key.AliasName,
                ["description"] = key.Description,
                ["keySpec"] = key.KeySpec,
                ["keyUsage"] = key.KeyUsage,
                ["multiRegion"] = key.MultiRegion,
                ["tags"] = new JsonObject(tags.Select(tag => KeyValuePair.Create(tag.Key, (JsonNode?)tag.Value))),
                ["policy"] = JsonNode.Parse(key.Policy.Text),
            });
            return true;
        }

        private (KeyClass KeyClass, string Account)? FindClass(ManifestResource manifest, string? name)
        {
            var classes = manifests.Select(other => other.Resource).OfType<KeyClass>();
            var keyClass = name is null
                ? classes.FirstOrDefault(other => other.Metadata.Annotations?.GetValueOrDefault(AnnotationNames.IsDefaultClass) == "true")
                : classes.FirstOrDefault(other => other.Metadata.Name == name);
            if (keyClass is null)
            {
                Errors.Add(manifest.Error("spec.className", name is null
                    ? "is empty, and no KeyClass among the manifests is annotated as the default"
                    : $"there is no KeyClass {name} among the manifests"));
                return null;
            }

            if ((keyClass.Spec.Account?.Id ?? keyClass.Spec.Account?.RoleArn?.Split(':')[4] ?? defaultAccount) is { } account)
            {
                return (keyClass, account);
            }

            Errors.Add(manifest.Error("spec.className", $"KeyClass {keyClass.Metadata.Name} names no account; give one with --account"));
            return null;
        }

        private static string NamespaceOf(IResource resource) => resource.Metadata.Namespace ?? DefaultNamespace;
    }
}

/// <summary>What manifests came to.</summary>
/// <param name="Keys">An object for each key.</param>
/// <param name="Errors">What is wrong, with file, line and field.</param>
internal sealed record ManifestRendering(JsonArray Keys, IReadOnlyList<ManifestError> Errors);
