using KmsOperator.Api;
using KmsOperator.Planning;

namespace KmsOperator.Importing.Drafting;

/// <summary>Writes the KeyReplica for a replica: only what differs from what its primary gives it.</summary>
internal static class KeyReplicaDrafting
{
    /// <summary>The KeyReplica for a replica.</summary>
    /// <param name="key">The replica.</param>
    /// <param name="name">Name of the resource.</param>
    /// <param name="namespace">Its namespace; null to leave it to <c>kubectl</c>.</param>
    /// <param name="keyClass">Its primary's class, or the one that it is to name.</param>
    /// <param name="primary">The ServiceKey of its primary; null where another tool has the primary.</param>
    /// <param name="fit">How its policy is said.</param>
    public static KeyReplica Draft(ForeignKey key, string name, string? @namespace, ClassDraft keyClass, ServiceKey? primary, ReplicaFit fit)
    {
        var bare = new KeyReplica
        {
            Metadata = new ObjectMeta { Name = name, Namespace = @namespace },
            Spec = new KeyReplicaSpec
            {
                PrimaryRef = primary is null ? null : new PrimaryRef { Name = primary.Metadata.Name },
                PrimaryKeyArn = primary is null ? key.PrimaryArn : null,
                ClassName = primary is null ? keyClass.Name : null,
                Region = key.Region,
                Alias = primary is null ? FirstAlias(key) : null,
                Access = fit.Access,
                Policy = fit.Policy,
                Grants = GrantDrafting.SpecsOf(key),
                Enabled = key.Enabled ? null : false,
                Adopt = new AdoptSpec { KeyId = key.Arn },
                ManagementPolicy = ManagementPolicies.Observe,
            },
        };
        var defaults = DraftCheck.Resolve(bare, key, keyClass.Resource, primary).Value;
        if (primary is not null && defaults is not null && key.Aliases.Count > 0 && !key.Aliases.Contains(defaults.AliasName))
        {
            bare = bare with { Spec = bare.Spec with { Alias = FirstAlias(key) } };
            defaults = DraftCheck.Resolve(bare, key, keyClass.Resource, primary).Value;
        }

        if (defaults is not null)
        {
            bare = bare with { Spec = bare.Spec with { AdditionalAliases = ForeignAliases.Additional(key, defaults.AliasName) } };
        }

        var own = ForeignTags.Of(key).Where(tag => defaults?.Tags.GetValueOrDefault(tag.Key) != tag.Value).ToDictionary();
        return bare with
        {
            Spec = bare.Spec with
            {
                Description = defaults?.Description == key.Description ? null : key.Description,
                Tags = own.Count > 0 ? new SortedDictionary<string, string>(own, StringComparer.Ordinal) : null,
                PendingDeletionWindowDays = key.DeletionWindowDays == defaults?.PendingDeletionWindowDays ? null : key.DeletionWindowDays,
            },
        };
    }

    private static string? FirstAlias(ForeignKey key) => key.Aliases.Order(StringComparer.Ordinal).FirstOrDefault();
}
