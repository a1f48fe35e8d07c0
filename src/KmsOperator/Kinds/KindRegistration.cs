using KmsOperator.Kubernetes;

namespace KmsOperator.Kinds;

/// <summary>A kind that is reconciled: its queue, its reconciler, and the event handlers that put resources into the queue.</summary>
/// <param name="Name">For logs and metrics, in lower case, for example <c>servicekey</c>.</param>
/// <param name="Queue">The resources that wait for a worker.</param>
/// <param name="Reconciler">Does the work.</param>
/// <param name="Subscribe">Starts the event handlers. Every resource that exists counts as added.</param>
/// <param name="List">Names all resources that there are, to look at them again.</param>
internal sealed record KindRegistration(string Name, WorkQueue<NamespacedName> Queue, IReconciler Reconciler, Action Subscribe, Func<IEnumerable<NamespacedName>> List);
