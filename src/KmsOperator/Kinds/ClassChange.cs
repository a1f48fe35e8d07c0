using KmsOperator.Api;
using KmsOperator.Kubernetes;
using KmsOperator.Planning;

namespace KmsOperator.Kinds;

/// <summary>Which resources a change of a KeyClass concerns.</summary>
internal sealed class ClassChange
{
    private readonly string _className;
    private readonly bool _concernsItsKeys;
    private readonly bool _concernsDefault;

    /// <summary>Looks at a change.</summary>
    public ClassChange(ResourceChange<KeyClass> change)
    {
        _className = change.Key.Name;

        // While a changed class is not verified yet, its resources wait. They are reconciled once, when the operator has verified it.
        _concernsItsKeys = change.Kind != ChangeKind.Updated || (Verified(change.New) is { } now && now != Verified(change.Old));
        _concernsDefault = IsDefault(change.Old) != IsDefault(change.New);
    }

    /// <summary>Whether a resource has to be reconciled.</summary>
    /// <param name="specClassName">The class that its spec names; null if it names none.</param>
    /// <param name="status">Its status, which has the class that its key was created with.</param>
    public bool Concerns(string? specClassName, KeyStatus? status)
    {
        var className = specClassName ?? status?.ClassName;
        return className is null ? _concernsItsKeys || _concernsDefault : _concernsItsKeys && className == _className;
    }

    private static bool IsDefault(KeyClass? keyClass) => keyClass is not null && DefaultClasses.IsMarked(keyClass);

    private static (long? Generation, string? Ready, string? Reason, string? AccountId)? Verified(KeyClass? keyClass)
    {
        if (keyClass?.Status is not { } status || status.ObservedGeneration != keyClass.Metadata.Generation)
        {
            return null;
        }

        var ready = status.Conditions?.FirstOrDefault(condition => condition.Type == ConditionTypes.Ready);
        return (status.ObservedGeneration, ready?.Status, ready?.Reason, status.AccountId);
    }
}
