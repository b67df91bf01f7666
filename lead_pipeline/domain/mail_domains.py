"""Well-known mail domains: those that anybody can get an address at, and those that are thrown away.

Free-mail domains say nothing about an employer. The lists are short on purpose and hold nothing regional
beyond the largest providers.
"""

_FREE_MAIL = """
    126.com 163.com aim.com aol.com att.net bellsouth.net bigpond.com bol.com.br bt.com btinternet.com
    charter.net comcast.net cox.net daum.net duck.com earthlink.net fastmail.com fastmail.fm free.fr
    freenet.de gmail.com gmx.at gmx.ch gmx.com gmx.de gmx.net googlemail.com hanmail.net hey.com
    hotmail.be hotmail.ca hotmail.co.uk hotmail.com hotmail.com.br hotmail.de hotmail.es hotmail.fr
    hotmail.it hushmail.com icloud.com ig.com.br inbox.com juno.com laposte.net libero.it live.ca
    live.co.uk live.com live.com.au live.fr live.nl mac.com mail.com mail.ru mailfence.com me.com
    msn.com naver.com netzero.net ntlworld.com optonline.net optusnet.com.au orange.fr outlook.com
    outlook.com.br outlook.de outlook.es outlook.fr pm.me proton.me protonmail.ch protonmail.com qq.com
    r7.com rediffmail.com rocketmail.com rogers.com sapo.pt sbcglobal.net seznam.cz shaw.ca sina.com
    sky.com skynet.be sympatico.ca t-online.de talktalk.net telus.net terra.com.br tiscali.it tuta.io
    tutanota.com uol.com.br verizon.net virgilio.it virginmedia.com wanadoo.fr web.de windstream.net
    wp.pl yahoo.ca yahoo.co.in yahoo.co.jp yahoo.co.uk yahoo.com yahoo.com.ar yahoo.com.au yahoo.com.br
    yahoo.com.mx yahoo.de yahoo.es yahoo.fr yahoo.in yahoo.it yandex.com yandex.ru yeah.net ymail.com
    zoho.com zohomail.com
"""
_DISPOSABLE = """
    10minutemail.com 10minutemail.net 20minutemail.com burnermail.io byom.de discard.email
    discardmail.com dispostable.com dropmail.me emailondeck.com emailtemporanea.com fakeinbox.com
    fakemail.net getairmail.com getnada.com grr.la guerrillamail.biz guerrillamail.com guerrillamail.de
    guerrillamail.info guerrillamail.net guerrillamail.org guerrillamailblock.com harakirimail.com
    inboxkitten.com incognitomail.org jetable.org mail-temp.com mailcatch.com maildrop.cc mailexpire.com
    mailforspam.com mailinator.com mailinator.net mailinator2.com mailmetrash.com mailnesia.com
    mailnull.com mailsac.com mintemail.com moakt.com mohmal.com mytemp.email mytrashmail.com nada.email
    sharklasers.com spam4.me spambog.com spambox.us spamex.com spamgourmet.com temp-mail.io
    temp-mail.org tempail.com tempinbox.com tempmail.com tempmail.net tempmailo.com tempr.email
    throwawaymail.com trash-mail.com trashmail.com trashmail.de trashmail.net trbvm.com yopmail.com
    yopmail.fr yopmail.net
"""

FREE_MAIL_DOMAINS = frozenset(_FREE_MAIL.split())
DISPOSABLE_DOMAINS = frozenset(_DISPOSABLE.split())
