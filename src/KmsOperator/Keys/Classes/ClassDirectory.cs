using KmsOperator.Api;
using KmsOperator.Keys.Status;
using KmsOperator.Kubernetes;
using KmsOperator.Planning;
using KmsOperator.Schemas;

namespace KmsOperator.Keys.Classes;

/// <summary>Finds the KeyClass that serves a resource, and says whether it may.</summary>
internal sealed class ClassDirectory(IResourceStore<KeyClass> classes, IResourceStore<Namespace> namespaces)
{
    /// <summary>The class that serves resources that name none: of several marked ones the oldest.</summary>
    public KeyClass? Default => Defaults.FirstOrDefault();

    /// <summary>All classes that are marked as default, the one that is used first.</summary>
    public IEnumerable<KeyClass> Defaults => DefaultClasses.Of(classes.List());

    /// <summary>The class of that name, or the default one for null.</summary>
    public KeyClass? Find(string? name) =>
        name is null ? Default : classes.TryGet(new NamespacedName("", name), out var keyClass) ? keyClass : null;

    /// <summary>The classes whose keys are in an account and Region.</summary>
    public IEnumerable<KeyClass> At(KeyLocation location) =>
        classes.List().Where(keyClass => keyClass.Spec.Region == location.Region && keyClass.Status?.AccountId == location.AccountId);

    /// <summary>Whether a namespace is being deleted. While a resource in it remains, the namespace remains too.</summary>
    public bool IsTerminating(string @namespace) =>
        namespaces.TryGet(new NamespacedName("", @namespace), out var found) && found.Metadata.DeletionTimestamp is not null;

    /// <summary>
    /// The class of a resource, if it exists, admits the namespace and is Ready. A key stays with the class that it was created with, also
    /// when another class becomes the default.
    /// </summary>
    /// <param name="specClassName">The class that the spec names.</param>
    /// <param name="recordedClassName">The class that the key was created with.</param>
    /// <param name="namespace">Namespace of the resource.</param>
    public ClassLookup Find(string? specClassName, string? recordedClassName, string @namespace)
    {
        var name = specClassName ?? recordedClassName;
        if (recordedClassName is not null && name != recordedClassName)
        {
            return ClassLookup.Failed(ReconcileError.Terminal(
                Reasons.InvalidSpec,
                $"spec.className: cannot be changed once the key exists; the key was created with {recordedClassName}. Put that back, or create another resource."));
        }

        if (Find(name) is not { } keyClass)
        {
            return ClassLookup.Failed(ReconcileError.Terminal(
                Reasons.ClassNotFound,
                name is null
                    ? "spec.className is empty and no KeyClass is annotated kms.servicekey.dev/is-default-class: \"true\"."
                    : $"spec.className: there is no KeyClass {name}."));
        }

        if (!NamespaceAdmission.Admits(keyClass.Spec.AllowedNamespaces, LabelsOf(@namespace)))
        {
            return ClassLookup.Failed(ReconcileError.Terminal(
                Reasons.NamespaceNotAllowed,
                $"KeyClass {keyClass.Metadata.Name} does not admit namespace {@namespace} (spec.allowedNamespaces)."));
        }

        if (keyClass.Status?.ObservedGeneration != keyClass.Metadata.Generation)
        {
            return ClassLookup.Failed(ReconcileError.Transient(Reasons.ClassNotReady, $"KeyClass {keyClass.Metadata.Name} is being checked."), isBeingVerified: true);
        }

        if (!ResourceConditions.IsReady(keyClass.Status?.Conditions, keyClass.Metadata.Generation) || keyClass.Status?.AccountId is null)
        {
            var ready = ResourceConditions.Find(keyClass.Status?.Conditions, ConditionTypes.Ready);
            return ClassLookup.Failed(ReconcileError.Transient(
                Reasons.ClassNotReady, $"KeyClass {keyClass.Metadata.Name} is not ready: {ready?.Reason}: {ready?.Message}"));
        }

        return new ClassLookup(keyClass, null, false);
    }

    /// <summary>The first of the class's rules in CEL that a resource does not fulfil, as an error; else null.</summary>
    public ReconcileError? FindViolation(KeyClass keyClass, IResource resource) =>
        ClassRules.FindViolation(keyClass, resource, LabelsOf(resource.Metadata.Namespace ?? ""));

    private IReadOnlyDictionary<string, string> LabelsOf(string @namespace) =>
        namespaces.TryGet(new NamespacedName("", @namespace), out var found) && found.Metadata.Labels is { } labels ? labels : new Dictionary<string, string>();
}

/// <summary>A KeyClass, or why there is none.</summary>
/// <param name="KeyClass">The class, ready for use; null when there is an error.</param>
/// <param name="Error">Why the class cannot be used.</param>
/// <param name="IsBeingVerified">
/// Whether the operator is about to verify the class. Its resources are reconciled again once that is done, so a resource that has a
/// status need not say that it waits.
/// </param>
internal sealed record ClassLookup(KeyClass? KeyClass, ReconcileError? Error, bool IsBeingVerified)
{
    /// <summary>The class cannot be used.</summary>
    public static ClassLookup Failed(ReconcileError error, bool isBeingVerified = false) => new(null, error, isBeingVerified);
}
