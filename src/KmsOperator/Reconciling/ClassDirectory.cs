using KmsOperator.Api;
using KmsOperator.Kubernetes;
using KmsOperator.Planning;

namespace KmsOperator;

/// <summary>Finds the KeyClass that serves a resource, and says whether it may.</summary>
internal sealed class ClassDirectory(IResourceStore<KeyClass> classes, IResourceStore<Namespace> namespaces)
{
    /// <summary>The class that serves resources that name none: of several marked ones the oldest.</summary>
    public KeyClass? Default => Defaults.FirstOrDefault();

    /// <summary>All classes marked as default, the one that wins first.</summary>
    public IEnumerable<KeyClass> Defaults => DefaultsOf(classes.List());

    /// <summary>Those of some classes that are marked as default, the one that wins first: the oldest.</summary>
    public static IEnumerable<KeyClass> DefaultsOf(IEnumerable<KeyClass> classes) => classes
        .Where(keyClass => keyClass.Metadata.Annotations?.GetValueOrDefault(AnnotationNames.IsDefaultClass) == "true")
        .OrderBy(keyClass => keyClass.Metadata.CreationTimestamp)
        .ThenBy(keyClass => keyClass.Metadata.Name, StringComparer.Ordinal);

    /// <summary>The class of that name, or the default one for null.</summary>
    public KeyClass? Find(string? name) =>
        name is null ? Default : classes.TryGet(new NamespacedName("", name), out var keyClass) ? keyClass : null;

    /// <summary>Whether a namespace is being deleted: whatever keeps a resource in it keeps the namespace too.</summary>
    public bool IsTerminating(string @namespace) =>
        namespaces.TryGet(new NamespacedName("", @namespace), out var found) && found.Metadata.DeletionTimestamp is not null;

    /// <summary>
    /// The class for a resource, if it is there, admits the namespace and is Ready. A key stays with the class that it was made
    /// under, also when another one becomes the default.
    /// </summary>
    /// <param name="specClassName">The class that the spec names.</param>
    /// <param name="recordedClassName">The class that the key was made under.</param>
    /// <param name="namespace">Namespace of the resource.</param>
    public ClassLookup Look(string? specClassName, string? recordedClassName, string @namespace)
    {
        var name = specClassName ?? recordedClassName;
        if (recordedClassName is not null && name != recordedClassName)
        {
            return ClassLookup.Failed(ReconcileError.Terminal(
                Reasons.InvalidSpec,
                $"spec.className: cannot be changed once the key exists; it was made under {recordedClassName}. Put that back, or create another resource."));
        }

        if (Find(name) is not { } keyClass)
        {
            return ClassLookup.Failed(ReconcileError.Terminal(
                Reasons.ClassNotFound,
                name is null
                    ? "spec.className is empty and no KeyClass is annotated kms.servicekey.dev/is-default-class: \"true\"."
                    : $"spec.className: there is no KeyClass {name}."));
        }

        var labels = namespaces.TryGet(new NamespacedName("", @namespace), out var found) ? found.Metadata.Labels : null;
        if (!NamespaceAdmission.Admits(keyClass.Spec.AllowedNamespaces, labels ?? new Dictionary<string, string>()))
        {
            return ClassLookup.Failed(ReconcileError.Terminal(
                Reasons.NamespaceNotAllowed,
                $"KeyClass {keyClass.Metadata.Name} does not admit namespace {@namespace} (spec.allowedNamespaces)."));
        }

        if (keyClass.Status?.ObservedGeneration != keyClass.Metadata.Generation)
        {
            return ClassLookup.Failed(ReconcileError.Transient(Reasons.ClassNotReady, $"KeyClass {keyClass.Metadata.Name} is being checked."), isTransient: true);
        }

        if (!ResourceConditions.IsReady(keyClass.Status?.Conditions, keyClass.Metadata.Generation) || keyClass.Status?.AccountId is null)
        {
            var ready = ResourceConditions.Find(keyClass.Status?.Conditions, ConditionTypes.Ready);
            return ClassLookup.Failed(ReconcileError.Transient(
                Reasons.ClassNotReady, $"KeyClass {keyClass.Metadata.Name} is not ready: {ready?.Reason}: {ready?.Message}"));
        }

        return new ClassLookup(keyClass, null, false);
    }
}

/// <summary>A KeyClass, or why there is none.</summary>
/// <param name="KeyClass">The class, ready for use.</param>
/// <param name="Error">Why not.</param>
/// <param name="IsTransient">Whether the class is only about to be looked at, which is no news for a resource that has a status.</param>
internal sealed record ClassLookup(KeyClass? KeyClass, ReconcileError? Error, bool IsTransient)
{
    /// <summary>No class.</summary>
    public static ClassLookup Failed(ReconcileError error, bool isTransient = false) => new(null, error, isTransient);
}
