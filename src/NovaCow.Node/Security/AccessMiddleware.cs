using NovaCow.Node.Api;
using NovaCow.Security;

namespace NovaCow.Node.Security;

/// <summary>Lets a request pass whose certificate opens the door it knocks at, and ends others
/// with a problem document that says why.</summary>
internal sealed class AccessMiddleware(RequestDelegate next, NodeSecurity security)
{
    public Task InvokeAsync(HttpContext context)
    {
        var door = AccessTable.DoorOf(context.Request.Method, context.Request.Path);
        // A link's handshake says why it is refused, which an HTTP status could not.
        if (door == Door.Link || AccessTable.Opens(door, role: null))
            return next(context);
        var verdict = security.Judge(context);
        var name = (verdict as PeerVerdict.Trusted)?.Name;
        return AccessTable.Opens(door, name?.Role)
            ? next(context)
            : throw Refusal(context, door, verdict, name);
    }

    private ApiException Refusal(
        HttpContext context, Door door, PeerVerdict verdict, CertifiedName? name)
    {
        var refusal = verdict switch
        {
            PeerVerdict.Refused refused => new ApiException(
                StatusCodes.Status401Unauthorized, "CertificateRefused", refused.Message),
            PeerVerdict.Absent => new ApiException(
                StatusCodes.Status401Unauthorized, "CertificateNeeded",
                AccessTable.Why(door, null)),
            _ => new ApiException(
                StatusCodes.Status403Forbidden, "RoleNotAllowed", AccessTable.Why(door, name)),
        };
        security.Refused(
            $"{context.Connection.RemoteIpAddress} is refused ({refusal.Code}): {refusal.Message}");
        return refusal;
    }
}
